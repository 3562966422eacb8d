// How a gauge reads on the page.

const ARROWS = { rising: "↑", falling: "↓", steady: "→" };

export function formatLevel(cm) {
  return cm >= 100 ? `${(cm / 100).toFixed(2)} m` : `${Math.round(cm)} cm`;
}

export function formatGauge(gauge) {
  const name = gauge.gauge
    .split("-")
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join(" ");
  return [name, `${formatLevel(gauge.level_cm)} ${ARROWS[gauge.trend] ?? ""}`.trim(), gauge.status];
}
