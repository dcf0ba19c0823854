import type { Format } from "./format.ts";
import { listed, whoever } from "./headers.ts";

/** A file of one row per order by a program we do not know, or by hand, with headers in English or German. */
export const custom: Format = {
  wrote: () => true,
  severalRows: false,
  candidates: {
    number: listed(
      `Order number, Order no, Order id, Order, Number, No, Tracking number, Job number, External id, Id,
      Bestellnummer, Bestell-Nr, Auftragsnummer, Auftrags-Nr, Auftrag, Sendungsnummer, Lieferscheinnummer, Belegnummer,
      Nummer, Nr`,
    ),
    ...whoever({
      firstName: listed("First name, Firstname, Given name, Vorname"),
      lastName: listed("Last name, Lastname, Surname, Family name, Nachname, Familienname"),
      name: listed(`Name, Full name, Contact name, Contact, Recipient, Customer, Receiver, Consignee, Ship to,
        Deliver to, Company, Empfänger, Empfängername, Lieferempfänger, Kunde, Kundenname, Firma, Ansprechpartner`),
      phone: listed(`Phone, Phone number, Phone no, Telephone, Mobile, Mobile phone, Mobile number, Cell, Tel,
        Telefon, Telefonnummer, Tel-Nr, Handy, Handynummer, Mobil, Mobilnummer, Rufnummer`),
      email: listed("Email, E-mail, Email address, E-mail address, Mail, E-Mail-Adresse, Emailadresse"),
      street: listed(
        `Street, Address, Address 1, Address line 1, Street address, Street and number, Full address,
        Straße, Straße und Hausnummer, Straße Hausnummer, Straße Nr, Adresse, Anschrift, Lieferadresse,
        Lieferanschrift, Empfängeradresse`,
      ),
      street2: listed("Address 2, Address line 2, Street 2, Adresszusatz, Adresse 2, Zusatz"),
      unit: listed("Unit, Apartment, Apt, Suite, Floor, Building, Stockwerk, Etage, Gebäude, Wohnung"),
      postcode: listed("Postcode, Postal code, Zip, Zip code, Zipcode, PLZ, Postleitzahl"),
      city: listed("City, Town, Locality, Ort, Stadt, Wohnort"),
      country: listed("Country, Country code, Land, Ländercode, Länderkennzeichen"),
      note: listed(
        `Note, Notes, Comment, Comments, Instructions, Remarks, Driver notes, Message, Notiz, Notizen,
        Hinweis, Hinweise, Bemerkung, Bemerkungen, Anmerkung, Kommentar, Lieferhinweis, Zustellhinweis`,
      ),
      lat: listed("Latitude, Lat, Breitengrad, Coordinates, GPS, Koordinaten"),
      lon: listed("Longitude, Lon, Lng, Long, Längengrad"),
    }),
    kind: listed("Kind, Type, Task type, Job type, Art, Auftragsart"),
    day: listed(
      `Delivery date, Delivery day, Day, Date, Due date, Scheduled date, Ship date, Shipping date, Liefertag,
      Lieferdatum, Zustelldatum, Liefertermin, Termin, Datum, Tag`,
    ),
    after: listed(
      `After, Deliver after, Earliest, Earliest time, Time from, From, Start, Start time, Not before,
      Time window, Delivery window, Delivery time, Time slot, Timeslot, Delivery slot, Window, Time, Von, Ab, Frühestens,
      Uhrzeit von, Zeit von, Zeitfenster, Lieferfenster, Lieferzeit, Uhrzeit`,
    ),
    before: listed(
      `Before, Deliver before, Latest, Latest time, Time to, To, Until, End, End time, Deadline, Not after,
      Bis, Spätestens, Uhrzeit bis, Zeit bis`,
    ),
    serviceMinutes: listed(
      `Service minutes, Service time, Duration, Stop time, Minutes, Dauer, Standzeit, Servicezeit`,
    ),
    priority: listed("Priority, Priorität, Prio, Dringlichkeit"),
    quantity: listed(
      `Quantity, Qty, Packages, Parcels, Pieces, Items, Boxes, Number of packages, Menge, Anzahl, Pakete,
      Stück, Stückzahl, Packstücke, Colli`,
    ),
    weightKg: listed("Weight, Weight kg, Total weight, Gewicht, Gewicht kg, Gesamtgewicht"),
    volumeL: listed("Volume, Volume l, Volumen, Volumen l"),
    cashAmount: listed(
      `Cash on delivery, COD, COD amount, Cash, Cash amount, Amount due, Amount to collect, Nachnahme,
      Nachnahmebetrag, Zu kassieren, Barbetrag`,
    ),
    currency: listed("Currency, Currency code, Währung"),
    tags: listed("Tags, Labels, Label, Schlagworte, Stichworte"),
    reference: listed(
      `Reference, Ref, Customer reference, PO number, Merchant reference, Referenz, Referenznummer,
      Kundenreferenz, Kundennummer`,
    ),
  },
};
