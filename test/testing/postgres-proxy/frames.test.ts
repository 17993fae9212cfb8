import fc from "fast-check";
import { expect, it } from "vitest";
import { Frames, textsOf } from "../../../src/testing/postgres-proxy/frames.js";

const letters = fc.constantFrom("Q", "P", "Z", "C");

function message(type: string, body: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(type, "latin1"), length, body]);
}

it("finds the same messages however the bytes arrive", () => {
  const messages = fc.array(fc.tuple(letters, fc.uint8Array({ maxLength: 40 })), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(60)), (sent, cuts) => {
      const wire = Buffer.concat(sent.map(([type, body]) => message(type, body)));
      const frames = new Frames({ starting: false });
      const found = [];
      let at = 0;
      for (const size of [...cuts, wire.length]) {
        found.push(...frames.push(wire.subarray(at, at + size)));
        at += size;
      }
      expect(found.map(({ type, body }) => [type, [...body]])).toEqual(sent.map(([type, body]) => [type, [...body]]));
      expect(Buffer.concat(found.map(({ bytes }) => bytes))).toEqual(wire);
    }),
  );
});

it("knows the messages without a letter, by which a connection begins", () => {
  const code = (value: number): Uint8Array => Buffer.from(new Int32Array([value]).buffer).toReversed();
  const wire = [message("", code(80_877_103)), message("", code(196_608)), message("Q", Buffer.from("select\0"))];
  const frames = new Frames({ starting: true }).push(Buffer.concat(wire));
  expect(frames.map(({ type }) => type)).toEqual(["", "", "Q"]);
  expect(textsOf(frames[2]!, 2)).toEqual(["select"]);
});
