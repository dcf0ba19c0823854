import { locale } from "../i18n/i18n.ts";

/** ISO 3166-1 alpha-2, every officially assigned code. Their names come from the browser, in the reader's language. */
const CODES =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
    .split(" ");

/** Countries for a choice, by name. */
export function countries(): { value: string; label: string }[] {
  const names = new Intl.DisplayNames([locale], { type: "region" });
  return CODES.map((code) => ({ value: code, label: names.of(code) ?? code }))
    .sort((a, b) => a.label.localeCompare(b.label, locale));
}

/** The country's name in the reader's language. */
export const countryName = (code: string): string =>
  new Intl.DisplayNames([locale], { type: "region" }).of(code) ?? code;

/** The country the browser's language points at. */
export function likelyCountry(): string {
  const region = new Intl.Locale(locale).maximize().region ?? "";
  return CODES.includes(region) ? region : "DE";
}

/** The zone of the reader's device. */
export const likelyTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Time zones for a choice, in groups by region: `Europe` → `Berlin`. `kept` is listed even if the browser's list lacks it. */
export function timeZones(kept: string): { group: string; items: { value: string; label: string }[] }[] {
  const names = new Set([...Intl.supportedValuesOf("timeZone"), kept]);
  const groups = Map.groupBy([...names].sort(), (name) => name.split("/")[0]!);
  return [...groups].map(([group, items]) => ({
    group,
    items: items.map((name) => ({
      value: name,
      label: name.slice(name.indexOf("/") + 1).replaceAll("_", " ").replaceAll("/", ", "),
    })),
  }));
}
