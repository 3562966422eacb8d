import assert from "node:assert/strict";
import { it } from "node:test";

import { gross, net } from "./invoice.mjs";

const lines = [{ quantity: 3, price: 333 }];

it("sums the lines", () => assert.equal(net(lines), 999));

it("rounds the tax to the nearest cent", () => assert.equal(gross(lines, 19), 1189));
