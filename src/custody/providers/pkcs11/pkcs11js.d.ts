/** The part of the package that is used: the functions of PKCS#11 2.40, whose failures are errors with the name of the code. */
declare module 'pkcs11js' {
  /** A handle of the module. */
  type Handle = Buffer;

  interface Attribute {
    readonly type: number;
    readonly value?: Buffer | boolean | number | string;
  }

  interface Mechanism {
    readonly mechanism: number;
    readonly parameter?: {
      readonly type: number;
      readonly iv: Buffer;
      readonly aad: Buffer;
      readonly ivBits: number;
      readonly tagBits: number;
    };
  }

  class PKCS11 {
    load(path: string): void;
    C_Initialize(): void;
    C_GetSlotList(tokenPresent: boolean): Handle[];
    C_GetTokenInfo(slot: Handle): {
      readonly label: string;
      readonly manufacturerID: string;
      readonly model: string;
      readonly serialNumber: string;
      readonly flags: number;
    };
    C_OpenSession(slot: Handle, flags: number): Handle;
    C_CloseSession(session: Handle): void;
    C_Login(session: Handle, userType: number, pin: string): void;
    C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void;
    C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
    C_FindObjectsFinal(session: Handle): void;
    C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): { readonly value: Buffer }[];
    C_GenerateKey(session: Handle, mechanism: Mechanism, template: readonly Attribute[]): Handle;
    C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
    C_Encrypt(session: Handle, data: Buffer, output: Buffer): Buffer;
    C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
    C_Decrypt(session: Handle, data: Buffer, output: Buffer): Buffer;
  }

  const CKA_CLASS: number;
  const CKA_TOKEN: number;
  const CKA_PRIVATE: number;
  const CKA_LABEL: number;
  const CKA_ID: number;
  const CKA_KEY_TYPE: number;
  const CKA_VALUE_LEN: number;
  const CKA_ENCRYPT: number;
  const CKA_DECRYPT: number;
  const CKA_WRAP: number;
  const CKA_UNWRAP: number;
  const CKA_SIGN: number;
  const CKA_VERIFY: number;
  const CKA_SENSITIVE: number;
  const CKA_EXTRACTABLE: number;
  const CKA_ALWAYS_SENSITIVE: number;
  const CKA_NEVER_EXTRACTABLE: number;
  const CKA_LOCAL: number;
  const CKA_MODIFIABLE: number;
  const CKO_SECRET_KEY: number;
  const CKK_AES: number;
  const CKU_USER: number;
  const CKF_SERIAL_SESSION: number;
  const CKF_RW_SESSION: number;
  const CKF_LOGIN_REQUIRED: number;
  const CKF_PROTECTED_AUTHENTICATION_PATH: number;
  const CKF_USER_PIN_COUNT_LOW: number;
  const CKF_USER_PIN_FINAL_TRY: number;
  const CKF_USER_PIN_LOCKED: number;
  const CKM_AES_KEY_GEN: number;
  const CKM_AES_GCM: number;
  const CK_PARAMS_AES_GCM: number;
}
