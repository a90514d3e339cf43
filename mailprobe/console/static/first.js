// Runs before anything is drawn. The address that another program hands over in the fragment leaves the address bar at once:
// it must never be in a bookmark, a history or a screenshot. The chosen brightness is set before the first paint.
(() => {
  "use strict";
  const take = () => {
    if (!location.hash.startsWith("#a=")) return null;
    const handed = new URLSearchParams(location.hash.slice(1));
    history.replaceState(null, "", location.pathname + location.search);
    return { address: handed.get("a") ?? "", ref: handed.get("ref") ?? "" };
  };
  let handed = take();
  // whoever reads it takes it away
  window.handedOver = () => { const one = handed; handed = null; return one; };
  window.addEventListener("hashchange", () => {
    const one = take();
    if (one) { handed = one; window.dispatchEvent(new Event("handed-over")); }
  });
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch { /* no storage: as the system has it */ }
})();
