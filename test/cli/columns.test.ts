import { expect, test } from "vitest";
import { columnsFor } from "../../src/cli/columns.js";

test.each([
  [{}, 80],
  [{ columns: 0 }, 80],
  [{ columns: 10 }, 40],
  [{ columns: 90 }, 90],
])("text for %j is %d columns wide", (stream, columns) => {
  expect(columnsFor(stream)).toBe(columns);
});
