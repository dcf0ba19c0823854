import type { Random } from "./random.ts";

/** An invented person: a first and a last name drawn apart from each other. */
export interface InventedPerson {
  name: string;
  firstName: string;
  phone: string;
  email: string;
}

const firstNames = `
  Anna Lena Sophie Marie Johanna Greta Frieda Ida Helga Renate Ursula Gisela Birgit Katrin Heike
  Paul Felix Jonas Emil Anton Karl Otto Jürgen Günther Bernd Uwe Jörg Matthias Thomas Björn
  Aylin Elif Emre Murat Işıl Agnieszka Małgorzata Łukasz Paweł Zofia Olga Dmitri Katya Linh Minh
  Fatima Yusuf Layla Omar Noor Søren Astrid Chiara Matteo Inês Tiago Chloé Amélie Ana Mehdi
`.trim().split(/\s+/);

const lastNames = `
  Ahrens Birkholz Brandt Büttner Döring Eichler Falkner Grünwald Hagedorn Heidenreich Jäger Kästner
  Klingbeil Köhler Lindner Löwe Möller Mühlberg Nußbaum Oehme Petzold Quandt Rößler Sauerbier
  Schönfeld Stichling Thiele Uhlig Vogelsang Weiß Wendlandt Ziegenhals Zöllner
  Yıldız Demirtaş Kowalczyk Wiśniewska Żurek Sokolow Nguyen Tran Haddad Rahimi Sørensen Ricci
`.trim().split(/\s+/);

/**
 * Invents people, no two with the same name or number; a first name comes round again only after all the others.
 * Phone numbers come from the ranges that the Bundesnetzagentur keeps free for films and teaching (Mitteilung
 * 148/2021): they belong to nobody and never will.
 */
export class Population {
  #names = new Set<string>();
  #firstNames: string[] = [];
  #mobiles = 0;
  #landlines = 0;

  constructor(private readonly random: Random) {}

  /** @param domain of the e-mail address; one that can never receive mail (RFC 2606) */
  person(domain: string, phone: "mobile" | "any" = "any"): InventedPerson {
    const [firstName, lastName] = this.#freshName();
    const mobile = phone === "mobile" || (this.#mobiles < 150 && this.random.chance(0.4));
    return {
      name: `${firstName} ${lastName}`,
      firstName,
      phone: mobile ? this.#mobile() : this.#landline(),
      email: `${latin(firstName)}.${latin(lastName)}@${domain}`,
    };
  }

  #freshName(): [first: string, last: string] {
    if (this.#firstNames.length === 0) this.#firstNames = this.random.shuffle(firstNames);
    const firstName = this.#firstNames.pop()!;
    const lastName = this.random.pick(lastNames.filter((name) => !this.#names.has(`${firstName} ${name}`)));
    this.#names.add(`${firstName} ${lastName}`);
    return [firstName, lastName];
  }

  /** (0)171 39200 00 to 99, then (0)176 040690 00 to 99. */
  #mobile(): string {
    const number = this.#mobiles++;
    const lastTwo = String(number % 100).padStart(2, "0");
    return number < 100 ? `+49 171 39200${lastTwo}` : `+49 176 040690${lastTwo}`;
  }

  /** (0)30 23125 000 to 999. */
  #landline(): string {
    return `+49 30 23125${String(this.#landlines++).padStart(3, "0")}`;
  }
}

function latin(name: string): string {
  const plain = name.toLowerCase().replaceAll("ß", "ss").replaceAll("ø", "oe").replaceAll("ł", "l")
    .replaceAll("ı", "i").replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue");
  return plain.normalize("NFD").replace(/[^a-z]/g, "");
}
