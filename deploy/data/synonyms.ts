/** Names by which other systems call fields and types of actions, in several languages, as `plainName` returns them. */
import type { ActionType } from '#contracts/generated/records.ts';

/** Returns a name in lower case without accents and separators, so that `Kunden-Nr.` and `kundennr` are the same. */
export function plainName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('æ', 'ae')
    .replaceAll('ø', 'o')
    .normalize('NFD')
    .replace(/[^\p{L}\p{N}]/gu, '');
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const ITEM_ID = words(`
  itemid productid articleid skuid contentid movieid filmid trackid songid bookid listingid offerid goodsid variantid documentid
  artikelnr artikelnummer artikelid artnr produktnr produktnummer produktid idproduit codeproduit idarticle idproducto idarticulo
  articlenumber articleno productcode productno itemno itemcode itemnumber sku asin ean gtin upc isbn iid
  item product article artikel produkt ware produit producto articulo prodotto articolo produto movie film content listing what was
  reference id`);

/** The first name that a file has is proposed. */
export const COLUMN_SYNONYMS = {
  actions: {
    userId: words(`
      userid uid visitorid customerid custid clientid memberid accountid buyerid shopperid personid profileid userno customerno
      customernumber kundennr kundennummer kundenid kdnr nutzerid nutzernr benutzerid mitgliedsnr idclient codeclient numeroclient
      idutilisateur idusuario idcliente klantnr klantnummer idutente
      user visitor customer client member account buyer shopper person who kunde nutzer benutzer besucher mitglied kaufer kaeufer wer
      utilisateur acheteur visiteur usuario cliente comprador utente klant gebruiker utilizador qui username login
      sessionid session deviceid device`),
    itemId: ITEM_ID,
    occurredAt: words(`
      occurredat timestamp eventtimestamp eventtime time ts at datetime date when createdat created eventdate happenedat purchasedate
      purchasedat orderdate orderedat clickedat viewedat visitedat unixtime epoch zeitpunkt zeitstempel datumuhrzeit datumzeit
      bestelldatum kaufdatum datum zeit wann horodatage dateheure dateachat quand fechahora fecha cuando dataora data tijdstip`),
    type: words(`
      type actiontype eventtype eventname event action activity interactiontype interaction behaviortype behavior behaviour verb kind
      aktion ereignis aktivitat handlung vorgang typ art evenement typeevenement accion evento tipo azione actie gebeurtenis`),
    contextId: words(`
      contextid basketid basket cartid cart orderid orderno ordernumber order transactionid transaction invoiceid invoiceno invoice
      receiptid receipt boardid board playlistid playlist listid list sessionid session visitid visit warenkorb warenkorbid bestellnr
      bestellnummer bestellid bestellung auftragsnr auftrag rechnungsnr rechnung bonnr bon sitzung panier commande pedido carrito
      sesion ordine carrello bestelling winkelmand`),
    value: words(`
      value quantity qty amount units stars rating score count price menge anzahl stuckzahl stueckzahl stuck bewertung sterne wert
      betrag preis quantite note montant prix cantidad valor precio quantita prezzo aantal prijs`),
    eventId: words('eventid uuid guid messageid actionid logid rowid ereignisid id'),
  },
  items: {
    itemId: ITEM_ID,
    title: words(`
      title name itemname productname itemtitle producttitle articlename label heading titel bezeichnung artikelbezeichnung artikelname
      produktname produktbezeichnung titre nomproduit nom libelle designation titulo nombre titolo nome naam omschrijving description
      beschreibung`),
    text: words(`
      text description longdescription shortdescription body details summary abstract beschreibung artikelbeschreibung
      produktbeschreibung langtext inhalt descriptif descripcion descrizione beschrijving`),
    picture: words(`
      picture pictureurl image imageurl imagelink imagesrc img imgurl photo photourl thumbnail thumbnailurl thumb bild bildurl bildlink
      foto fotourl imagen immagine afbeelding`),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Columns of items that are categories, each from broad to narrow in the order of the file. */
export const CATEGORY_NAMES = words(`
  categories category categorypath categoryname maincategory subcategory department dept aisle section group productgroup genre genres
  topic topics tags producttype collection kategorie kategorien kategoriepfad hauptkategorie unterkategorie warengruppe produktgruppe
  abteilung sortiment rubrik bereich categorie rayon famille categoria subcategoria departamento seccion reparto afdeling`);

/** Columns of items that describe them further. */
export const ATTRIBUTE_NAMES = words(`
  brand manufacturer vendor maker color colour size material price gender style weight year author artist publisher language season
  model marke hersteller farbe grosse groesse preis geschlecht gewicht jahr autor verlag sprache marque couleur taille prix marca
  talla precio marchio colore taglia prezzo merk kleur maat prijs`);

/** A time of day in a column of its own, beside that of the date. */
export const TIME_OF_DAY_NAMES = words('uhrzeit zeit time timeofday hour heure hora ora tijd clock');

const TYPE_WORDS: Readonly<Record<ActionType, readonly string[]>> = {
  view: words(`
    view viewed views pageview pageviewed detail detailview viewdetail visit visited seen look looked read watch watched play played
    open opened listen listened ansicht angesehen gesehen aufruf aufgerufen besucht gelesen vu vue consulte consultation visto vista
    visita bekeken`),
  click: words(
    'click clicked clicks tap tapped select selected klick geklickt angeklickt clic clique clicado cliccato geklikt',
  ),
  save: words(`
    save saved saves cart addtocart addedtocart cartadd addcart atc basket addtobasket addedtobasket basketadd addtobag wishlist wish
    addtowishlist addedtowishlist wishlistadd favorite favourite favorited favourited addtofavorites addtofavourites fav like liked
    likes love loved bookmark bookmarked pin pinned repin heart upvote upvoted warenkorb inwarenkorb indenwarenkorb
    indenwarenkorbgelegt gemerkt merken merkliste merkzettel gefallt gefalltmir favorit wunschliste gespeichert ajoutaupanier
    ajoutpanier panier favori aime carrito anadiralcarrito favorito megusta guardado carrello preferito`),
  share: words(
    'share shared shares forward forwarded geteilt teilen partage partager compartido condiviso gedeeld',
  ),
  message: words(`
    message messaged contact contacted contactseller inquiry enquiry inquire reply replied chat comment commented nachricht anfrage
    kontakt kontaktiert kommentar contacter mensaje`),
  buy: words(`
    buy bought purchase purchased purchases order ordered orders ordercompleted orderplaced paid pay payment checkout checkedout
    checkoutcompleted transaction sale sold sell acquired conversion kauf gekauft kaufen bestellt bestellung bezahlt verkauf achat
    achete commande commander compra comprado vendido acquisto acquistato koop gekocht`),
  rate: words(
    'rate rated rating ratings review reviewed stars vote voted bewertung bewertet noter avis valoracion',
  ),
  hide: words(`
    hide hidden dislike disliked dislikes downvote downvoted notinterested block blocked dismiss dismissed skip skipped ausgeblendet
    ausblenden verborgen gefalltnicht gefalltmirnicht uninteressant masque`),
  return: words(`
    return returned returns refund refunded cancel cancelled canceled sendback retoure retourniert zuruckgegeben zurueckgegeben
    storniert ruckgabe rueckgabe erstattet retour rembourse devuelto devolucion reso`),
  impression: words(`
    impression impressions shown show display displayed exposure exposed served angezeigt eingeblendet einblendung affiche`),
};

const TYPE_OF_WORD: ReadonlyMap<string, ActionType> = new Map(
  Object.entries(TYPE_WORDS).flatMap(([type, names]) =>
    names.map((name) => [name, type as ActionType] as const),
  ),
);

/** Words around the one that says what happened: `product_viewed`, `view-item`. */
const AROUND = new Set(
  words('product item article page event user the a an detail details completed artikel produkt'),
);

/** Returns the type of action that a text of another system probably means: `add_to_cart` → save. */
export function likelyType(text: string): ActionType | undefined {
  const whole = TYPE_OF_WORD.get(plainName(text));
  if (whole !== undefined) return whole;
  const parts = text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '' && !AROUND.has(part.toLowerCase()));
  return TYPE_OF_WORD.get(plainName(parts.join('')));
}
