/** Given and family names of one language, as a registry would hold them. The people made from them are invented. */
export interface NamePool {
  readonly given: readonly string[];
  readonly family: readonly string[];
}

/** Name pools of ten languages. */
export const NAME_POOLS: readonly NamePool[] = [
  {
    given: ['Jörg', 'Käthe', 'Matthias', 'Sören', 'Anneliese', 'Günter', 'Lieselotte', 'Björn', 'Heike'],
    family: ['Müller', 'Weiß', 'Schröder', 'Köhler', 'Vogel', 'Jäger', 'Großmann', 'Lindner', 'von der Heide'],
  },
  {
    given: ['Zoé', 'Éloïse', 'François', 'Anaïs', 'Benoît', 'Hélène', 'Jean-Loïc', 'Maëlle', 'Rémi'],
    family: ['Lefèvre', 'Bézier', 'Château', "d'Arcy", 'Fournier', 'Grévin', 'Noël', 'Pélissier', 'Sauvé'],
  },
  {
    given: ['Åsa', 'Göran', 'Märta', 'Håkan', 'Linnéa', 'Östen', 'Ylva', 'Kjell', 'Siv'],
    family: ['Ångström', 'Björklund', 'Sjöberg', 'Nyström', 'Hållén', 'Öberg', 'Wikström', 'Ekman', 'Lind'],
  },
  {
    given: ['Siân', 'Rhys', 'Niamh', 'Ciarán', 'Eleanor', 'George', 'Harriet', 'Owain', 'Beth'],
    family: ["O'Rourke", 'Llewellyn', 'Fairweather', 'Ashdown', 'MacLeod', 'Pryce-Jones', 'Wren', 'Hartley', 'Ó Broin'],
  },
  {
    given: ['Łukasz', 'Małgorzata', 'Stanisław', 'Żaneta', 'Paweł', 'Agnieszka', 'Grażyna', 'Michał'],
    family: ['Wójcik', 'Dąbrowski', 'Świątek-Lis', 'Zieliński', 'Błaszczyk', 'Pająk', 'Kołodziej'],
  },
  {
    given: ['Jiří', 'Zdeňka', 'Ondřej', 'Kateřina', 'Bohumil', 'Růžena', 'Vít', 'Šárka'],
    family: ['Dvořák', 'Černá', 'Procházka', 'Kučera', 'Němec', 'Říha', 'Šťastný'],
  },
  {
    given: ['Íñigo', 'Begoña', 'Andrés', 'Nuria', 'Joaquín', 'Rocío', 'Ángel', 'Lucía'],
    family: ['Muñoz', 'Ibáñez', 'García Peña', 'Núñez', 'Cañas', 'Gómez', 'Yáñez Soto'],
  },
  {
    given: ['Ayşe', 'Gökhan', 'Işıl', 'Çağlar', 'Şule', 'Ümit', 'Özge', 'Barış'],
    family: ['Yıldız', 'Çelik', 'Öztürk', 'Şahin', 'Güneş', 'Kılıç', 'Aydın'],
  },
  {
    given: ['Thảo', 'Đức', 'Hồng', 'Minh Tuấn', 'Ngọc', 'Phượng', 'Quỳnh'],
    family: ['Nguyễn', 'Trần', 'Phạm', 'Đặng', 'Vũ', 'Bùi'],
  },
  {
    given: ['João', 'Conceição', 'Inês', 'Sebastião', 'Luísa', 'Estêvão', 'Mário'],
    family: ['Gonçalves', 'Simões', 'Brandão', 'Araújo', 'Magalhães', 'da Conceição'],
  },
];

/** The countries that have a range of telephone numbers reserved for fiction; see `phone.ts`. */
export type Country = 'de' | 'fr' | 'se' | 'gb';

/** A region both insurers work in. */
export interface Region {
  readonly name: string;
  readonly country: Country;
}

/** The regions, the frequent ones repeated. */
export const REGIONS: readonly Region[] = [
  { name: 'Bayern', country: 'de' },
  { name: 'Bayern', country: 'de' },
  { name: 'Baden-Württemberg', country: 'de' },
  { name: 'Île-de-France', country: 'fr' },
  { name: 'Île-de-France', country: 'fr' },
  { name: 'Auvergne-Rhône-Alpes', country: 'fr' },
  { name: 'Västra Götaland', country: 'se' },
  { name: 'Skåne', country: 'se' },
  { name: 'Wales', country: 'gb' },
  { name: 'Scotland', country: 'gb' },
];

/** Kinds of claims, the frequent ones repeated. */
export const CATEGORIES: readonly string[] = [
  'collision',
  'collision',
  'collision',
  'parking',
  'parking',
  'glass',
  'hail',
  'theft',
  'wildlife',
];

/** Notes as a claims handler types them, for any claim; `{place}` and `{part}` are filled in. */
export const COMMON_NOTES: readonly string[] = [
  'OK',
  'Photos received.\nEstimate for {part} pending.\nCall back after 16:00.',
  'Témoin joignable après 18 h, dégâts sur la pièce « {part} ».',
  'Zeuge vorhanden, Gutachten folgt (Nähe {place}).',
  'Skada på {part}, bärgad från {place}.',
  'Workshop quotes 3 items: {part}, paint, labour.',
  'Settled by phone, customer asked: "why so slow?"\n\nGoodwill voucher sent, 20 EUR.',
];

/** Notes that fit one category only. */
export const NOTES_BY_CATEGORY: Readonly<Record<string, readonly string[]>> = {
  collision: [
    'Rear-end collision near {place}, {part} damaged.',
    'Customer says "the other car came out of nowhere"; {part} to be replaced.',
    '{part}; see police report',
  ],
  parking: ['Parked at {place}, found with a scratched {part}, no note left.'],
  glass: ['Stone chip on the "fast lane", windscreen to be replaced.'],
  hail: ['Hail at {place}: {part}, bonnet and roof.'],
  theft: ['Vehicle recovered near {place}; keys, papers and {part} missing.'],
  wildlife: ['Deer crossing at {place}.\n"Only" the {part} was hit, driver unhurt.'],
};

/** Invented places. */
export const PLACES: readonly string[] = [
  'Müllersbrück',
  'Saint-Aubépin',
  'Ängsholmen',
  'Llanfairwen',
  'Oberlindenau',
  'Pont-sur-Brève',
  'junction 14, ring road',
  'the "Old Mill" car park',
];

/** Parts of a vehicle. */
export const PARTS: readonly string[] = ['left wing', 'rear bumper', 'tailgate', 'windscreen', 'door, right', 'mirror'];
