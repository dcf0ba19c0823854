import type { Position } from "../platform/schema.ts";
import type { Random } from "./random.ts";

/**
 * An invented town. Its postcode begins with 05, a routing region that Deutsche Post has not given out, so that no
 * parcel sent by mistake reaches anybody; its position is countryside south-east of Berlin.
 */
export interface Town {
  name: string;
  postcode: string;
  centre: Position;
  streets: Street[];
}

export interface Street {
  name: string;
  /** Where house number 1 stands, and how many degrees the street goes on per house number. */
  start: Position;
  perHouse: Position;
  houses: number;
}

/** A door: the parts of an address and where it is. */
export interface Door {
  street: string;
  postcode: string;
  city: string;
  position: Position;
}

const streetNames = `
  Ahornallee, Am Mühlbach, Birkenweg, Kirchgasse, Bahnhofstraße, Gartenweg, Lerchenstieg, An der Schleuse,
  Mühlenstraße, Hauptstraße, Schulweg, Fliederweg, Zum Storchennest, Uferpromenade, Tannenwinkel,
  Alte Ziegelei, Am Sportplatz, Marktplatz, Rosenhang, Weidendamm, Glockenstraße, Hinter den Höfen
`.trim().split(/,\s+/);

/** Each site delivers to its own town, the first, and to the villages around it. */
export const regions = [
  [
    { name: "Kranichsbrück", postcode: "05112", lat: 52.2471, lon: 13.8126, streets: 12 },
    { name: "Falkenrade", postcode: "05118", lat: 52.2718, lon: 13.8514, streets: 6 },
    { name: "Hohenbirken", postcode: "05119", lat: 52.2213, lon: 13.7702, streets: 5 },
  ],
  [
    { name: "Seelfurt", postcode: "05204", lat: 52.1568, lon: 13.9634, streets: 11 },
    { name: "Oberlerchau", postcode: "05209", lat: 52.1305, lon: 14.0117, streets: 5 },
  ],
  [
    { name: "Neuhellen", postcode: "05331", lat: 52.3192, lon: 14.0466, streets: 10 },
    { name: "Wiesenthor", postcode: "05337", lat: 52.3467, lon: 14.0925, streets: 5 },
  ],
] as const;

/** Lays out the streets of a region's towns. */
export function buildTowns(random: Random, region: (typeof regions)[number]): Town[] {
  return region.map(({ name, postcode, lat, lon, streets }) => ({
    name,
    postcode,
    centre: { lat, lon },
    streets: random.shuffle(streetNames).slice(0, streets).map((street) =>
      layStreet(random, street, { lat, lon })
    ),
  }));
}

/** A door in one of the towns; larger towns have more of them. */
export function findDoor(random: Random, towns: Town[]): Door {
  const doors = towns.flatMap((town) => town.streets.map((street) => ({ town, street })));
  const { town, street } = random.pick(doors);
  const house = random.between(1, street.houses);
  return {
    street: `${street.name} ${house}${random.chance(0.12) ? random.pick(["a", "b", "c"]) : ""}`,
    postcode: town.postcode,
    city: town.name,
    position: {
      lat: rounded(street.start.lat + house * street.perHouse.lat),
      lon: rounded(street.start.lon + house * street.perHouse.lon),
    },
  };
}

/** A street within about a kilometre of the centre, in any direction, ten metres from house to house. */
function layStreet(random: Random, name: string, centre: Position): Street {
  const metre = { lat: 1 / 111_320, lon: 1 / (111_320 * Math.cos(centre.lat * Math.PI / 180)) };
  const direction = random.next() * 2 * Math.PI;
  return {
    name,
    start: {
      lat: centre.lat + random.between(-900, 900) * metre.lat,
      lon: centre.lon + random.between(-900, 900) * metre.lon,
    },
    perHouse: { lat: 10 * Math.sin(direction) * metre.lat, lon: 10 * Math.cos(direction) * metre.lon },
    houses: random.between(14, 80),
  };
}

/** Five decimals are about a metre. */
function rounded(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5;
}
