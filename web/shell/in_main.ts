import { createContext } from "react";

/** Whether what is rendered stands inside a page's <main> already; a page has exactly one. */
export const InMain = createContext(false);
