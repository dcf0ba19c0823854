// Runs before the first paint, so that a dark screen never flashes white. A file of its own: the CSP allows no inline script.
(() => {
  const chosen = localStorage.getItem("fleethold-colour-scheme");
  const dark = chosen === "dark" ||
    (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
})();
