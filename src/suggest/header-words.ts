import { foldLetters } from '../normalise/index.ts';

/**
 * What a header may say about its column. Those of people come first, from the most telling on: a header has the first that
 * fits.
 */
export type HeaderMeaning = keyof typeof HEADER_WORDS;

/** The meanings that are about people; their columns never become cleartext. */
export const PERSONAL_MEANINGS = [
  ...([
    'email',
    'phone',
    'iban',
    'tax-number',
    'birth-date',
    'ip-address',
    'sensitive',
    'postcode',
    'address',
  ] as const),
  ...(['city', 'gender', 'note', 'name'] as const),
] as const;

/** One of {@link PERSONAL_MEANINGS}. */
export type PersonalMeaning = (typeof PERSONAL_MEANINGS)[number];

/**
 * Words of headers in the languages of Europe, in lower case, without accents (`ß` is `ss`, `ø` is `o`, `å` is `a`).
 *
 * A star stands for any letters: words of personal columns match inside of others, because sealing one column too many does
 * no harm; those of open columns match whole words, or the ends of compounds in languages that have them. `a+b` stands
 * for neighbouring words.
 */
export const HEADER_WORDS = {
  email: `
    email* *email mail mails *mailadress* *mailaddr* *mailadr* courriel* correo* posta* epost* *epost* sahkoposti* poczta* mejl* adres+e
    e+mail el+mail el+post correo+electronico posta+elettronica adresse+electronique sahkoposti
  `,
  phone: `
    phone* *phone tel tels telefon* *telefon* telephone* *telefoon* *telefono* *telefone* telef mobil* *mobil* mob handy* cell cellular
    celular* cellulare* movil* gsm fax* *fax* portable puhelin* *puhelin* matkapuhelin* komork* tlf tlfnr kannykka msisdn imei imsi whatsapp
    numer+tel num+tel no+tel
  `,
  iban: `
    *iban* bic swift *bankkonto* *kontonummer* *kontonr* *kontonumer* kontoinhaber* bankrekening* *rekeningnummer* tilinumero* bankaccount*
    rachunku nrb sortcode creditcard* *kreditkart* cardnumber* kartennummer* pan cvv cvc
    bank+account credit+card card+number sort+code cuenta+bancaria compte+bancaire conto+corrente numer+konta numer+rachunku cislo+uctu konto+bankowe conta+bancaria numero+de+compte numero+carte
  `,
  'tax-number': `
    ssn sin nin nino tin vat vatid ustid* *steuer* *sozialversicherung* svnr svnummer *rentenversicherung* *versichertennummer* nir insee siret siren
    nif nie dni cif cuil cpf cnpj niss bsn burgerservice* sofi* pesel nip regon *personnummer* personnr *persnr* cpr *cprn* fodselsnummer
    hetu *henkilotunnus* *sotu* *rodnecislo* ico dic cnp *codicefiscale* codfisc cf fiscal* fiscale *fiskal* passport* *pass*nummer passnr pasaporte* passaporto
    passeport* paszport* ausweis* *ausweisnummer* identitet* nhs nhsnumber taxid *taxnumber* driverlicen* fuhrerschein* personalausweis*
    social+security tax+id tax+number tax+no national+id national+insurance id+card securite+sociale seguridad+social codice+fiscale partita+iva rodne+cislo dowod+osobisty seguranca+social driver+license driving+licence passport+no
  `,
  'birth-date': `
    dob birth* *birth* bday *geburt* gebdat* geb naissance* nacimiento* *nascita* *nascimento* geboorte* *geboren* urodzen* urodzin*
    *fodelse* *fodsel* fodt fodd *syntyma* synt* *narozen* nascido nato natus *szuletes* *nastere* nasterii *rodjen* naissce age ages alter alder edad eta idade
    leeftijd wiek ika vek lebensalter jahrgang birthyear *geburtsjahr* deces* *death* *todes* *sterbe* *zgon*
    date+naiss ne+le age+group
  `,
  'ip-address': `
    ip ipv ipaddr* ipadr* *ipaddress* macaddress* mac useragent* cookie* idfa gaid adid deviceid*
    user+agent device+id
  `,
  sensitive: `
    gay* lesb* lgbt* hiv aids cancer* krebs* abort* addict* alcohol* alkohol* drug* debt* schuld* schufa* bonit* solven* credit* *kredit* arrest* child* kinder* household* haushalt* fraud* betrug* insolven*
    religi* *religion* konfession* church* kirche* relig* politic* *politisch* partei party ethni* race rasse raza razza *herkunft* nationality* nationalit* *nationalitat*
    nacionalidad* cittadinanza staatsangehorig* citizenship* *health* *gesund* *krank* illness* disease* diagnos* *diagnos* symptom* therap* *therap*
    treatment* behandlung* medic* *medik* patholog* sante salud salute saude gezondheid* zdrow* halsa helse terveys* zdravi* disab* *behinder* handicap* pregnan* *schwanger*
    smok* raucher* fumeur* blood* blut* genet* genom* icd sexual* orientation* union* gewerkschaft* syndicat* criminal* convict* vorstraf* *straf* biometr*
    marital* *familienstand* famil* spouse* kinder children hijos enfants salary* salaries *gehalt* *lohn* salaire* salario* stipendio* salaris* loon wynagrodzen*
    lon lonn palkka plat mzda income* *einkommen* revenu renta reddito inkomen dochod* inkomst* password* passwort* passwd pwd pin secret* token* kennwort* motdepasse contrasena*
    lat latitude* longitude* lng geo* gps *koordinat* coordinate* location* standort* *plate* kennzeichen* license* licence* vin weight* height* bmi *gewicht* grosse
  `,
  postcode: `
    zip* *zipcode* postcode* postal* plz *plz *postleitzahl* *postnummer* postnr *postinumero* cap cep codpostal* kodpocztowy psc *postkod* iranyitoszam
    code+postal codigo+postal codice+postale kod+pocztowy post+code zip+code cod+postal kod+pocz
  `,
  address: `
    addr* *address* *adress* *adresse* adres* *anschrift* *strasse* *strase* *str str strassenname street* *street* *hausnummer* hausnr housenumber* house* *haus* rue voie chemin
    calle* direccion* domicilio* via viale indirizzo* civico *rua* morada* endereco* logradouro* bairro straat* *straat* huisnummer* ulica* ul *ulic* gata* *gatu* *gata vej* *vej* gade*
    *katu* *osoite* lahiosoite *adresa* cislopopisne bydlist* utca strada* apartment* apt *wohn* door etage floor building* gebaude* district* quartier*
    c+o house+no house+number numero+civico
  `,
  city: `
    ort wohnort geburtsort lieferort luogo lugar lieu     city* *city town* wohnort* stadt* *stadt* gemeinde* village* ville* commune* ciudad* localidad* municipio* poblacion* citta* comune* localita* cidade* municip*
    localidade* stad *stad woonplaats* plaats* gemeente* miasto* miejscowosc* by bynavn kommun* *kommune* kaupunki* postitoimipaikka* paikkakunta* mesto* obec* varos* oras* place
  `,
  gender: `
    gender* sex sexe sexo sesso geschlecht* *geschlecht* genre genero genere geslacht* plec kon kjonn sukupuoli* pohlavi* nem gen salutation* anrede* titel title civilite* tratamiento
    titolo aanhef tiltale tilltal osloveni mf sexus pronoun*
  `,
  note: `
    note* *note notes *notiz* comment* *comment* komment* *kommentar* kommentti* *bemerkung* *anmerkung* remark* *remark* commentaire* observation* observac* comentar* coment*
    nota notas opmerking* uwagi uwaga anteckning* notat* bemaerkning* huomautus* huomio* huomaut* poznamk* megjegyzes* observat* beschreibung* description* descri* *text* freitext* freetext
    message* nachricht* *nachricht* subject* betreff* feedback* review* complaint* beschwerde* reason* grund memo* verwendungszweck* opis* popis* beskriv* kuvaus* omschrijving*
  `,
  name: `
    *name* nom noms prenom* *prenom* surname* vorname* nachname* *firstname* *lastname* nombre* apellido* nome* cognome* sobrenome* apelido* naam *naam *naam* imie imiona nazwisk*
    namn *namn *namn* navn *navn *navn* nimi *nimi *nimi* jmeno *jmeno* prijmeni* meno priezvisk* nev vezeteknev* keresztnev* nume prenume* ime prezime fname lname fullname*
    initials* given family person* contact* kontakt* *ansprechpartner* inhaber* owner* titular* signature* nick* alias* twitter* facebook* instagram* linkedin* url* photo* foto* *bild*
    avatar* unterschrift*
  `,
  measure: `
    amount* total* sum sums spend spent spending revenue* cost costs price* quantity quantities qty count counts number+of clicks views impressions score scores rate rates percent percentage
    turnover sales balance discount* fee fees margin profit value volume duration minutes seconds hours days orders visits sessions points units stock net gross subtotal
    betrag *betrag summe *summe gesamt* umsatz *umsatz preis *preis kosten *kosten menge *menge anzahl *anzahl stuckzahl *stuckzahl rabatt *rabatt saldo gewinn punkte wert *wert netto brutto dauer
    montant* somme prix quantite* qte chiffre cout couts remise solde duree valeur nb nbre
    importe* monto* precio* cantidad* cant suma coste costes costo gasto* ventas descuento* puntos valor valores
    importo importi prezzo prezzi quantita costi somma totale spesa fatturato sconto punti valore
    montante* preco precos quantidade* qtd custo custos soma despesa* vendas desconto pontos receita
    bedrag *bedrag prijs *prijs aantal *aantal hoeveelheid* omzet *omzet korting punten waarde
    kwota* cena ceny ilosc* koszt koszty wartosc* obrot rabat liczba punkty
    belopp *belopp pris *pris antal *antal kostnad *kostnad summa *summa mangd omsattning poang varde
    belob *belob belop *belop maengde mengde omkostning* omsaetning omsetning beloep *beloep
    hinta *hinta maara *maara lukumaara kpl kustannus* alennus* myynti pisteet arvo
    castka* mnozstvi pocet soucet naklady hodnota sleva body
    osszeg *osszeg ar darab mennyiseg pret cantitate valoare iznos kolicina
    eur usd gbp chf kr
  `,
  date: `
    date* *date dates datetime time timestamp* created* updated* modified* deleted* ordered* shipped* purchased* visited* seen since until start end valid expires expiry month months year years quarter week weekday day
    datum *datum zeitpunkt* zeit *zeit *zeitstempel* jahr *jahr monat *monat woche quartal seit bis erstellt* geandert* bestellt* ablauf* tag
    jour mois annee heure cree creation debut fin echeance fecha* hora mes ano anio alta caducidad data giorno mese anno ora scadenza dia inicio fim criado
    datum* tijd tijdstip jaar maand dag begin einde dzien miesiac rok czas utworzono
    tid tidpunkt ar manad skapad dato *dato maned oprettet opprettet paivamaara* pvm *pvm *paiva paivays aika vuosi kuukausi luotu den mesic cas vytvoreno ido ev honap data* luna an
  `,
  flag: `
    active* inactive* enabled* disabled* valid* verified* confirmed* subscribed* subscriber newsletter* consent* optin optout opt opted converted conversion* purchased returned paid cancelled churned vip premium aktiv* inaktiv*
    actif actif* abonne* activo* activa* suscrito* attivo* attiva* iscritto* ativo* ativa* actief* ingeschreven* aktywn* aktiivi* aktivni* gultig* bezahlt* einwilligung* bestatigt* *newsletter storniert*
  `,
  category: `
    region* country* countries channel* category* categories status state type types segment* product* products brand* department* language* lang currency* plan tier level group groups class classes source medium campaign*
    store stores branch* device* platform* browser os model version priority payment* method shipping delivery destination industry sector unit size color colour material market territory continent tariff contract
    land lander bundesland kanal kategorie* zustand typ art *typ *art segment marke* abteilung* sprache* wahrung* stufe gruppe *gruppe klasse quelle kampagne* filiale* gerat* zahlungsart* versandart* branche* *kategorie produkt* artikelgruppe* warengruppe* tarif*
    pays canal categorie* statut etat marque* departement* langue* devise* niveau groupe classe magasin* campagne* produit* pais categoria* estado tipo tipos marca* departamento* idioma* moneda* nivel grupo clase tienda* campana* producto*
    paese paesi regione* canale stato reparto lingua valuta livello gruppo negozio campagna prodotto* regiao loja campanha produto* moeda
    landen regio* kanaal soort taal munt groep klas winkel filiaal kraj kategoria* rodzaj marka jezyk waluta poziom grupa klasa sklep kampania
    lan landskap kategori* slag marke sprak niva grupp klass butik kampanj sprog butikk kampanje maa alue kanava luokka tyyppi tila merkki kieli valuutta taso ryhma myymala kampanja tuote*
    zeme oblast kategorie stav znacka jazyk mena uroven skupina trida obchod kampan orszag regio csatorna kategoria tipus allapot nyelv penznem tara judet
  `,
  identifier: `
    id ids *id uid uuid guid key keys account* customer* cust member* user users client* clients card cards number no num nr nbr code codes ref refs reference* order orders invoice* transaction* ticket* sku ean gtin hash *hash sha md serial* crm loyalty*
    kunde kunden *kunde *kunden kundennr* *nummer nummer *kennung kennung schlussel* *schlussel konto *konto mitglied* *mitglied benutzer* nutzer* karte *karte *nr bestellung* rechnung* beleg* vertrag* *vertrag
    identifiant* numero* cle compte adherent* abonne commande* facture* identificador* cliente* clave cuenta socio* pedido* factura* codigo* identificativo* chiave conto codice* tessera ordine fattura
    conta chave fatura* klant* klantnr sleutel rekening lid leden bestelling* factuur* klient* klucz numer* zamowieni* faktura* kod kodu kundnr* kundnummer* nyckel medlem* ordernr* fakturanr*
    kunde* kundenr* nogle nokkel ordre* asiakas* asiakasnumero* *numero *tunnus tunnus avain tili tilaus* lasku* zakaznik* cislo* klic ucet objednavk* ugyfel* azonosito* kulcs cod
  `,
} as const;

const MEANINGS = Object.keys(HEADER_WORDS) as HeaderMeaning[];

/** One regular expression per meaning, for a word or neighbouring words. */
const PATTERNS = new Map(
  MEANINGS.map((meaning) => [
    meaning,
    new RegExp(`^(?:${HEADER_WORDS[meaning].trim().split(/\s+/u).map(toPattern).join('|')})$`, 'u'),
  ]),
);

function toPattern(word: string): string {
  return word.replaceAll('+', '\\+').replaceAll('*', '.*');
}

/** The words of a header, in lower case and without accents: `E-Mail`, `customerID` and `order_no` have two. */
function wordsOf(header: string): readonly string[] {
  const decomposed = header
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .normalize('NFD');
  return foldLetters(decomposed)
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}

/** `geraet` also as `gerat`: an umlaut is written as two letters, or loses its dots. */
function spellings(word: string): readonly string[] {
  const short = word.replace(/([aou])e/gu, '$1');
  return short === word ? [word] : [word, short];
}

/** Everything that a header may say about its column, in the order of {@link HEADER_WORDS}; empty if its words are not known. */
export function headerMeaningsOf(header: string): readonly HeaderMeaning[] {
  const single = wordsOf(header);
  const pairs = single.slice(1).map((word, index) => `${single[index] ?? ''}+${word}`);
  const triples = pairs.slice(1).map((pair, index) => `${single[index] ?? ''}+${pair}`);
  const all = [...single, ...pairs, ...triples].flatMap(spellings);
  return MEANINGS.filter((meaning) => all.some((word) => PATTERNS.get(meaning)?.test(word) === true));
}

/** Words for a number or a key that names something; `number of` and the like count instead. */
const NUMBER = /^(?:no|nr|nro|num|nbr|number|.*nummer|.*nr|numero|numer|cislo|.*tunnus|azonosito)$/u;
const KEY =
  /^(?:ids?|uid|uuid|guid|key|pk|fk|(?:user|customer|client|member|account|order|person|product|item|session|transaction|kunden|nutzer)id)$/u;
const COUNTED = /(?:^|[^\p{L}])(?:number|no|num)[^\p{L}]+of(?:[^\p{L}]|$)/iu;

/** Whether a header speaks of a key: `customerID`, `user key`. */
export function isKeyed(header: string): boolean {
  return wordsOf(header).some((word) => KEY.test(word));
}

/** Whether a header speaks of a key, or of a number that names something: `order_no`, `Kundennummer`. */
export function isNumbered(header: string): boolean {
  return isKeyed(header) || (!COUNTED.test(header) && wordsOf(header).some((word) => NUMBER.test(word)));
}
