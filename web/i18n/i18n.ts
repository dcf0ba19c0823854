import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { en } from "./en/index.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en;
  }
}

/** The languages the product speaks; each is a chunk of its own, so that nobody downloads two. */
const catalogues = {
  en: () => import("./en/index.ts").then((module) => module.en),
};
type Language = keyof typeof catalogues;

type Catalogues = Record<Language, () => Promise<Partial<typeof en>>>;

/**
 * Loads the browser's language where we speak it, English otherwise. Call before the first render.
 *
 * @param words  the catalogues to take it from: all words, unless a page can do with fewer
 */
export async function speak(words: Catalogues = catalogues): Promise<void> {
  const language = navigator.languages.map((tag) => tag.split("-")[0]).find(isSpoken) ?? "en";
  document.documentElement.lang = language;
  await i18next.use(initReactI18next).init({
    lng: language,
    defaultNS: "common",
    resources: { [language]: await words[language]() },
    // React escapes what it renders; escaping twice would show &amp; to people called Müller & Sons.
    interpolation: { escapeValue: false },
  });
}

function isSpoken(language: string | undefined): language is Language {
  return language !== undefined && language in catalogues;
}

/** The reader's own tag with region (`en-GB`), for Intl: how they write dates and numbers, whatever the language. */
export const locale: string = navigator.language;
