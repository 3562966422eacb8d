import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { formatGauge, formatLevel } from "../src/format.mjs";

describe("formatLevel", () => {
  it("shows centimetres below a metre", () => assert.equal(formatLevel(99.4), "99 cm"));
  it("shows metres from one metre on", () => assert.equal(formatLevel(400), "4.00 m"));
});

describe("formatGauge", () => {
  it("names the river in capitals and its trend by an arrow", () => {
    const gauge = { gauge: "black-forest-alb", level_cm: 212, trend: "rising", status: "normal" };
    assert.deepEqual(formatGauge(gauge), ["Black Forest Alb", "2.12 m ↑", "normal"]);
  });

  it("leaves an unknown trend out", () => {
    const gauge = { gauge: "aare", level_cm: 12, trend: "?", status: "normal" };
    assert.deepEqual(formatGauge(gauge), ["Aare", "12 cm", "normal"]);
  });
});
