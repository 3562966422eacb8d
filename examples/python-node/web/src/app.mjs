import { formatGauge } from "./format.mjs";

const REFRESH_MS = 5000;

function row(gauge) {
  const line = document.createElement("tr");
  for (const text of formatGauge(gauge)) {
    line.insertCell().textContent = text;
  }
  return line;
}

async function refresh() {
  const answer = await fetch("/api/gauges");
  document.getElementById("gauges").replaceChildren(...(await answer.json()).map(row));
}

refresh();
setInterval(refresh, REFRESH_MS);
