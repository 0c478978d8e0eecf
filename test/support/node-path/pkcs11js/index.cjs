'use strict';

// A token in a file, in place of the package and its module: NODE_PATH leads here, STAND_IN_TOKEN names the file. It does what
// hardware does and SoftHSM does not: counts wrong PINs and locks, hangs, crashes, and has keys that were made otherwise.

const { Buffer } = require('node:buffer');
const { createCipheriv, createDecipheriv, randomBytes } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');

const process = require('node:process');

const file = process.env['STAND_IN_TOKEN'] ?? '';
const load = () => JSON.parse(readFileSync(file, 'utf8'));
/** @param {unknown} state */
const save = (state) => writeFileSync(file, JSON.stringify(state));

/** @param {string} name */
const fail = (name) => {
  throw new Error(`${name}:1\n    at stand-in`);
};

const NAMES = [
  'CKA_CLASS',
  'CKA_TOKEN',
  'CKA_PRIVATE',
  'CKA_LABEL',
  'CKA_ID',
  'CKA_KEY_TYPE',
  'CKA_VALUE_LEN',
  'CKA_ENCRYPT',
  'CKA_DECRYPT',
  'CKA_WRAP',
  'CKA_UNWRAP',
  'CKA_SIGN',
  'CKA_VERIFY',
  'CKA_SENSITIVE',
  'CKA_EXTRACTABLE',
  'CKA_ALWAYS_SENSITIVE',
  'CKA_NEVER_EXTRACTABLE',
  'CKA_LOCAL',
  'CKA_MODIFIABLE',
  'CKO_SECRET_KEY',
  'CKK_AES',
  'CKU_USER',
  'CKM_AES_KEY_GEN',
  'CKM_AES_GCM',
  'CK_PARAMS_AES_GCM',
];
/** @type {any} */
const constants = Object.fromEntries(NAMES.map((name, index) => [name, index + 1]));
const FLAGS = {
  CKF_SERIAL_SESSION: 1,
  CKF_RW_SESSION: 2,
  CKF_LOGIN_REQUIRED: 4,
  CKF_PROTECTED_AUTHENTICATION_PATH: 8,
  CKF_USER_PIN_COUNT_LOW: 16,
  CKF_USER_PIN_FINAL_TRY: 32,
  CKF_USER_PIN_LOCKED: 64,
};

/** @param {any} value */
const plain = (value) => (Buffer.isBuffer(value) ? value.toString('hex') : value);

class PKCS11 {
  isLoggedIn = false;
  /** @type {any} */
  template = [];
  /** @type {any} */
  operation = null;

  load(/** @type {string} */ module) {
    if (load().fault === 'crashes') process.kill(process.pid, 'SIGKILL');
    save({ ...load(), module });
  }
  C_Initialize() {
    save({ ...load(), environment: Object.keys(process.env) });
  }
  C_GetSlotList() {
    return load().slots.map((/** @type {unknown} */ _slot, /** @type {number} */ index) => Buffer.of(index));
  }
  C_GetTokenInfo(/** @type {Buffer} */ slot) {
    const { slots, tries, extraFlags = 0 } = load();
    const state =
      tries === 0
        ? FLAGS.CKF_USER_PIN_LOCKED
        : tries === 1
          ? FLAGS.CKF_USER_PIN_FINAL_TRY
          : tries === 2
            ? FLAGS.CKF_USER_PIN_COUNT_LOW
            : 0;
    const label = slots[slot[0] ?? 0];
    return {
      label: label.padEnd(32),
      manufacturerID: 'stand-in\0\0',
      model: 'm',
      serialNumber: '0001'.padEnd(16),
      flags: FLAGS.CKF_LOGIN_REQUIRED | state | extraFlags,
    };
  }
  C_OpenSession() {
    return Buffer.of(1);
  }
  C_CloseSession() {}
  C_Login(/** @type {Buffer} */ _session, /** @type {number} */ _user, /** @type {string} */ pin) {
    const state = load();
    if (state.fault === 'hangs') {
      save({ ...state, hangingProcess: process.pid });
      for (;;);
    }
    if (state.tries === 0) fail('CKR_PIN_LOCKED');
    const isRight = pin === state.pin;
    save({ ...state, tries: isRight ? 3 : state.tries - 1 });
    if (!isRight) fail('CKR_PIN_INCORRECT');
    this.isLoggedIn = true;
  }
  C_FindObjectsInit(/** @type {Buffer} */ _session, /** @type {any} */ template) {
    this.template = template;
  }
  C_FindObjects() {
    const { keys } = load();
    if (!this.isLoggedIn) return [];
    return keys.flatMap((/** @type {any} */ key, /** @type {number} */ index) =>
      this.template.every((/** @type {any} */ { type, value }) => key.attributes[type] === plain(value))
        ? [Buffer.of(index)]
        : [],
    );
  }
  C_FindObjectsFinal() {}
  C_GetAttributeValue(/** @type {Buffer} */ _session, /** @type {Buffer} */ handle, /** @type {any} */ [{ type }]) {
    const value = load().keys[handle[0] ?? 0].attributes[type];
    return [{ value: typeof value === 'string' ? Buffer.from(value, 'hex') : Buffer.of(Number(value ?? 0)) }];
  }
  C_GenerateKey(/** @type {Buffer} */ _session, /** @type {unknown} */ _mechanism, /** @type {any} */ template) {
    const state = load();
    if (state.fault === 'is read-only') fail('CKR_TOKEN_WRITE_PROTECTED');
    const attributes = Object.fromEntries(template.map((/** @type {any} */ { type, value }) => [type, plain(value)]));
    const { CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL } = constants;
    attributes[CKA_ALWAYS_SENSITIVE] = attributes[CKA_SENSITIVE];
    attributes[CKA_NEVER_EXTRACTABLE] = !attributes[CKA_EXTRACTABLE];
    attributes[CKA_LOCAL] = true;
    save({ ...state, keys: [...state.keys, { attributes, material: randomBytes(32).toString('hex') }] });
    return Buffer.of(state.keys.length);
  }
  C_EncryptInit(/** @type {Buffer} */ _session, /** @type {any} */ mechanism, /** @type {Buffer} */ handle) {
    this.operation = { ...mechanism.parameter, key: load().keys[handle[0] ?? 0] };
    if (!this.operation.key.attributes[constants.CKA_ENCRYPT]) fail('CKR_KEY_FUNCTION_NOT_PERMITTED');
  }
  C_Encrypt(/** @type {Buffer} */ _session, /** @type {Buffer} */ data) {
    const { key, iv, aad } = this.operation;
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(key.material, 'hex'), iv).setAAD(aad);
    return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
  }
  C_DecryptInit(/** @type {Buffer} */ session, /** @type {any} */ mechanism, /** @type {Buffer} */ handle) {
    this.C_EncryptInit(session, mechanism, handle);
  }
  C_Decrypt(/** @type {Buffer} */ _session, /** @type {Buffer} */ data) {
    const { key, iv, aad } = this.operation;
    if (load().fault === 'is broken') fail('CKR_DEVICE_ERROR');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key.material, 'hex'), iv).setAAD(aad);
    decipher.setAuthTag(data.subarray(-16));
    try {
      return Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]);
    } catch {
      return fail('CKR_GENERAL_ERROR');
    }
  }
}

module.exports = { ...constants, ...FLAGS, PKCS11 };
