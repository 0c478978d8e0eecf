import { createHash } from 'node:crypto';

/** What a column of the corpus holds; the expected kinds follow from it. */
export const CONTENTS = [
  ...(['number', 'email', 'phone', 'name', 'first', 'last', 'street', 'city', 'postcode', 'birth', 'gender'] as const),
  ...(['note', 'amount', 'quantity', 'date', 'iban', 'tax', 'country', 'status'] as const),
] as const;

export type Content = (typeof CONTENTS)[number];

/** The kinds that are expected for each content, in every language. */
export const EXPECTED: Readonly<Record<Content, string>> = {
  number: 'fingerprint sealed',
  email: 'fingerprint sealed',
  phone: 'fingerprint sealed',
  iban: 'fingerprint sealed',
  tax: 'fingerprint sealed',
  name: 'sealed',
  first: 'sealed',
  last: 'sealed',
  street: 'sealed',
  city: 'sealed',
  postcode: 'sealed',
  birth: 'sealed',
  gender: 'sealed',
  note: 'sealed',
  amount: 'cleartext',
  quantity: 'cleartext',
  date: 'cleartext',
  country: 'cleartext',
  status: 'cleartext',
};

interface Language {
  readonly code: string;
  readonly callingCode: string;
  /** How dates are written: `D.M.Y`, `M/D/Y`. */
  readonly date: string;
  readonly decimal: '.' | ',';
  readonly headers: Readonly<Record<Content, string>>;
}

/** Headers as exports have them: with accents, camel case, snake case, blanks and brackets. */
export const LANGUAGES: readonly Language[] = [
  language(
    'GB',
    '44',
    'D/M/Y',
    '.',
    'customerId|E-Mail Address|Phone / Mobile|Full Name|first_name|LastName|Street|City|postcode|Date of Birth|gender|Notes|amount_gbp|Quantity|order date|IBAN|NI number (SSN)|country|status',
  ),
  language(
    'DE',
    '49',
    'D.M.Y',
    ',',
    'Kundennummer|E-Mail-Adresse|Telefon|Name|Vorname|Nachname|Straße|Ort|PLZ|Geburtsdatum|Geschlecht|Bemerkung|Betrag (EUR)|Menge|Bestelldatum|IBAN|Steuernummer|Land|Status',
  ),
  language(
    'FR',
    '33',
    'D/M/Y',
    ',',
    'N° client|Adresse e-mail|Téléphone|Nom complet|prénom|nom_de_famille|Rue|Ville|Code postal|Date de naissance|Sexe|Commentaire|Montant TTC|Quantité|Date de commande|IBAN|N° sécurité sociale|Pays|Statut',
  ),
  language(
    'ES',
    '34',
    'D/M/Y',
    ',',
    'idCliente|Correo electrónico|Teléfono|Nombre completo|nombre|Apellidos|Calle|Ciudad|Código postal|Fecha de nacimiento|Sexo|Observaciones|Importe|Cantidad|Fecha pedido|IBAN|DNI|País|Estado',
  ),
  language(
    'IT',
    '39',
    'D/M/Y',
    ',',
    'Codice cliente|Posta elettronica|Cellulare|Nome e cognome|nome|Cognome|Indirizzo|Città|CAP|Data di nascita|Sesso|Note|Importo|Quantità|Data ordine|IBAN|Codice fiscale|Paese|Stato',
  ),
  language(
    'PT',
    '351',
    'D-M-Y',
    ',',
    'Nº cliente|Correio eletrónico / e-mail|Telemóvel (telefone)|Nome completo|primeiro_nome|Apelido|Morada|Cidade|Código postal|Data de nascimento|Género|Observações|Montante|Quantidade|Data da encomenda|IBAN|NIF|País|Estado',
  ),
  language(
    'NL',
    '31',
    'D-M-Y',
    ',',
    'Klantnummer|E-mailadres|Telefoonnummer|Naam|voornaam|Achternaam|Straat|Woonplaats|Postcode|Geboortedatum|Geslacht|Opmerkingen|Bedrag|Aantal|Besteldatum|IBAN|BSN|Land|Status',
  ),
  language(
    'PL',
    '48',
    'D.M.Y',
    ',',
    'Numer klienta|Adres e-mail|Telefon|Imię i nazwisko|imię|Nazwisko|Ulica|Miasto|Kod pocztowy|Data urodzenia|Płeć|Uwagi|Kwota|Ilość|Data zamówienia|IBAN|PESEL|Kraj|Status',
  ),
  language(
    'SE',
    '46',
    'Y-M-D',
    ',',
    'Kundnummer|E-postadress|Mobiltelefon|Namn|förnamn|Efternamn|Gatuadress|Ort|Postnummer|Födelsedatum|Kön|Anteckningar|Belopp|Antal|Beställningsdatum|IBAN|Personnummer|Land|Status',
  ),
  language(
    'DK',
    '45',
    'D-M-Y',
    ',',
    'Kundenr|E-mail|Telefon|Navn|fornavn|Efternavn|Vej|By|Postnr|Fødselsdato|Køn|Bemærkninger|Beløb|Antal|Ordredato|IBAN|CPR-nummer|Land|Status',
  ),
  language(
    'FI',
    '358',
    'D.M.Y',
    ',',
    'Asiakasnumero|Sähköposti|Puhelin|Nimi|etunimi|Sukunimi|Katuosoite|Kaupunki|Postinumero|Syntymäaika|Sukupuoli|Huomautukset|Summa|Määrä|Tilauspäivä|IBAN|Henkilötunnus|Maa|Tila',
  ),
  language(
    'CZ',
    '420',
    'D.M.Y',
    ',',
    'Číslo zákazníka|E-mail|Telefon|Jméno a příjmení|jméno|Příjmení|Ulice|Město|PSČ|Datum narození|Pohlaví|Poznámka|Částka|Množství|Datum objednávky|IBAN|Rodné číslo|Země|Stav',
  ),
];

function language(code: string, callingCode: string, date: string, decimal: '.' | ',', headers: string): Language {
  const names = headers.split('|');
  return {
    code,
    callingCode,
    date,
    decimal,
    headers: Object.fromEntries(CONTENTS.map((content, index) => [content, names[index] ?? ''])) as Record<
      Content,
      string
    >,
  };
}

/** A number from 0 to `below - 1` that depends on nothing but its arguments. */
function draw(seed: string, row: number, below: number): number {
  return (
    createHash('sha256')
      .update(`${seed} ${String(row)}`)
      .digest()
      .readUInt32BE(0) % below
  );
}

function pick(words: string, seed: string, row: number): string {
  const list = words.split(' ');
  return list[draw(seed, row, list.length)] ?? '';
}

const pad = (number: number): string => String(number).padStart(2, '0');

function writeDate(format: string, year: number, month: number, day: number): string {
  return format.replace('D', pad(day)).replace('M', pad(month)).replace('Y', String(year));
}

/** An IBAN of made-up digits with a right checksum. */
function writeIban(country: string, digits: string): string {
  const letters = [...country].map((letter) => String(Number.parseInt(letter, 36))).join('');
  const check = 98n - (BigInt(`${digits}${letters}00`) % 97n);
  return `${country}${pad(Number(check))}${digits}`;
}

const FIRST = 'Anna Jörg Łukasz Zoë José Chloé Åsa Bjørn Päivi Řehoř Maria Owen';
const LAST = 'Müller Dvořák Kowalski Núñez O’Brien Virtanen Sørensen Rossi Lefèvre Silva';

/** The value of a content in a row; placeholders stand in some rows of phone numbers. */
function valueOf(content: Content, { code, callingCode, date, decimal }: Language, row: number): string {
  const at = (below: number): number => draw(`${code} ${content}`, row, below);
  const first = pick(FIRST, `${code} first`, row);
  const last = pick(LAST, `${code} last`, row);
  const digits = String(1_000_000 + at(8_999_999));
  switch (content) {
    case 'number':
      return `K${String(10_000 + row)}`;
    case 'email':
      return `${first}.${last}${String(row)}@Example.${code.toLowerCase()}`;
    case 'phone':
      if (row % 11 === 0) return 'n/a';
      return row % 3 === 0
        ? `0${digits.slice(0, 3)} ${digits.slice(3)}12`
        : `+${callingCode} ${digits.slice(0, 2)} ${digits.slice(2)}`;
    case 'name':
      return `${first} ${last}`;
    case 'first':
      return first;
    case 'last':
      return last;
    case 'street':
      return `${last} ${String(1 + at(120))}`;
    case 'city':
      return pick('Köln Lyon Málaga Torino Porto Utrecht Łódź Malmö Århus Turku Brno Leeds', code, row);
    case 'postcode':
      return String(10_000 + at(89_999));
    case 'birth':
      return writeDate(date, 1940 + at(65), 1 + at(12), 1 + at(28));
    case 'gender':
      return pick('m f d', code, row);
    case 'note':
      return pick('VIP called twice late', `${code} note`, row);
    case 'amount':
      return `${String(at(9_999))}${decimal}${pad(at(100))}`;
    case 'quantity':
      return String(1 + at(9));
    case 'date':
      return writeDate(date, 2025, 1 + at(12), 1 + at(28));
    case 'iban':
      return writeIban(code, `3704004405${digits}0`);
    case 'tax':
      return `${digits}${String(10 + at(89))}`;
    case 'country':
      return pick('DE FR SE', code, row);
    case 'status':
      return pick('A B C', code, row);
  }
}

const ROWS = 120;

/** The values of a column of the corpus. */
export function valuesOf(content: Content, language: Language): readonly string[] {
  return Array.from({ length: ROWS }, (_, row) => valueOf(content, language, row));
}
