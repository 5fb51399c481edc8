// Draws the page. `#op=INSTANCE` selects an operator.

function selectFromAddress() {
  if (!location.hash.startsWith("#op=")) return;
  const op = byInstance.get(decodeURIComponent(location.hash.slice(4)));
  if (op) select(op.number, "link");
}

showSummary();
showFailures();
showSections();
showGraph();
showCharts();
showTable();
showDetails(null);
showAbout();
addEventListener("hashchange", selectFromAddress);
selectFromAddress();
document.documentElement.dataset.ready = Math.round(performance.now());
