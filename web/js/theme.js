/** Set the chosen colours before the first paint; without a choice the system's preference stands. A plain script on purpose. */
try {
  const theme = localStorage.getItem("portcullis.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is closed to us: the system's preference stands.
}
