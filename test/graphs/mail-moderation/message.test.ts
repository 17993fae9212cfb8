import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadCorpus } from "../../../graphs/mail-moderation/corpus.js";
import { readMessage, type Message } from "../../../graphs/mail-moderation/message.js";

const EMPTY: Message = { from: "", sender: "", subject: "", date: "", body: "", attachments: [] };

const read = (...lines: string[]): Promise<Message> => readMessage(Buffer.from(lines.join("\n"), "latin1"));

const corpus = new Map(loadCorpus().map((mail) => [mail.id, mail]));
const fromCorpus = async (id: string): Promise<Message> => {
  const mail = corpus.get(id);
  if (mail === undefined) throw new Error(`no message ${id}`);
  return readMessage(mail.raw);
};

describe("readMessage", () => {
  it("reads author, subject, date and body", async () => {
    const lines = [
      "From: Ada Lovelace <Ada@Example.ORG>",
      "Subject: Notes on",
      "  the engine",
      "Date: Thu, 22 Aug 2002 18:26:25 +0700",
      "",
      "It weaves.",
      "",
    ];
    const expected = {
      from: "Ada Lovelace <Ada@Example.ORG>",
      sender: "ada@example.org",
      subject: "Notes on the engine",
      date: "2002-08-22T11:26:25.000Z",
      body: "It weaves.",
      attachments: [],
    };
    expect(await read(...lines)).toEqual(expected);
    expect(await read("From ada@example.org  Thu Aug 22 12:36:23 2002", ...lines)).toEqual(expected);
    expect(await readMessage(Buffer.from(lines.join("\r\n")))).toEqual(expected);
  });

  it("decodes encoded words in headers", async () => {
    const message = await read(
      "From: =?iso-8859-1?Q?J=F8rgen?= =?utf-8?B?IMOFcw==?= <j@example.org>",
      "Subject: =?koi8-r?B?8NLJ18XU?= & =?utf-8?Q?gr=C3=BC=C3=9Fe?=",
      "",
      "x",
    );
    expect(message.from).toBe("Jørgen Ås <j@example.org>");
    expect(message.subject).toBe("Привет & grüße");
  });

  it.each([
    ["quoted-printable", "caf=E9 =\nau lait", "café au lait"],
    ["base64", "Y2Fm6SBhdSBsYWl0", "café au lait"],
    ["8bit", "caf\u00e9 au lait", "café au lait"],
    ["base64", "@@@ not base64 @@@", expect.any(String)],
    ["x-unheard-of", "as it stands", "as it stands"],
  ])("decodes a body in %s", async (encoding, body, expected) => {
    const type = "Content-Type: text/plain; charset=iso-8859-1";
    expect((await read(type, `Content-Transfer-Encoding: ${encoding}`, "", body)).body).toEqual(expected);
  });

  it.each([
    ["none", "Content-Type: text/plain"],
    ["an unheard-of one", "Content-Type: text/plain; charset=x-nowhere"],
    ["us-ascii, though it is not", "Content-Type: text/plain; charset=us-ascii"],
  ])("takes 8-bit text that declares as its charset %s for windows-1252", async (_, type) => {
    const message = await read(type, "Subject: \u00a37,000", "", "the world\u0092s largest");
    expect(message).toMatchObject({ subject: "£7,000", body: "the world’s largest" });
  });

  it("takes 8-bit text that declares no charset for UTF-8 where it is valid", async () => {
    const message = await readMessage(Buffer.from("Subject: grüße\n\nçok güzel"));
    expect(message).toMatchObject({ subject: "grüße", body: "çok güzel" });
  });

  it("prefers the plain part, and names attachments", async () => {
    const message = await read(
      'Content-Type: multipart/mixed; boundary="out"',
      "",
      "--out",
      'Content-Type: multipart/alternative; boundary="in"',
      "",
      "--in",
      "Content-Type: text/plain",
      "",
      "plain",
      "--in",
      "Content-Type: text/html",
      "",
      "<b>rich</b>",
      "--in--",
      "--out",
      'Content-Type: application/pdf; name="bill.pdf"',
      "Content-Transfer-Encoding: base64",
      "",
      "AAAA",
      "--out--",
    );
    expect(message).toMatchObject({ body: "plain", attachments: ["bill.pdf"] });
  });

  it("makes text of HTML where that is all there is", async () => {
    const { body } = await read(
      "Content-Type: text/html",
      "",
      "<html><head><style>p { color: red }</style><script>alert(1)</script></head>",
      "<body><p>Caf&eacute; &amp; cake</p><!-- hidden --><p>Two&nbsp;for one</p></body></html>",
    );
    expect(body.replaceAll("\u00a0", " ").split(/\n+/)).toEqual(["Café & cake", "Two for one"]);
  });

  it("is not misled by HTML that looks like a part boundary", async () => {
    const { body } = await read("Content-Type: text/html", "", "<p>before</p>", "--part--", "<p>after</p>");
    expect(body).toContain("before");
    expect(body).toContain("after");
  });

  it("shows the source where the parts cannot be found", async () => {
    const { body } = await read('Content-Type: multipart/mixed; boundary="lost"', "", "--found", "", "text");
    expect(body).toBe("--found\n\ntext");
  });

  it("takes the author from Sender or Return-Path where From is missing", async () => {
    expect((await read("Sender: s@example.org", "Return-Path: <r@example.org>", "", "x")).sender).toBe("s@example.org");
    expect((await read("Return-Path: <r@example.org>", "", "x")).sender).toBe("r@example.org");
  });

  it("keeps a date that is none as it was written", async () => {
    const date = "Fri, 30 Aug 02 21:48:08 Eastern Daylight Time";
    expect((await read(`Date: ${date}`, "", "x")).date).toBe(date);
  });

  it("leaves out control characters and lone surrogates", async () => {
    const message = await read(
      "Subject: a\u0000b\u001b[31mc",
      "Content-Type: text/html",
      "",
      "x\u0000y\u0007 &#xD800; &#0; z",
    );
    expect(message.subject).toBe("ab[31mc");
    expect(message.body).toMatch(/^xy \uFFFD +z$/);
  });

  it.each([
    ["nothing", "", EMPTY],
    ["only empty lines", "\n\n\n", EMPTY],
    ["headers without a body", "Subject: hello", { ...EMPTY, subject: "hello" }],
    ["a body without headers", "\n\nhello", { ...EMPTY, body: "hello" }],
  ])("reads %s", async (_, raw, expected) => {
    expect(await readMessage(Buffer.from(raw))).toEqual(expected);
  });

  it("shows the source of a message nested too deeply to read", async () => {
    const nested = Array.from(
      { length: 400 },
      (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n`,
    ).join("");
    const message = await readMessage(Buffer.from(nested));
    expect(message.body).toBe(nested.trim());
  });

  it("reads a view into a larger buffer as that view alone", async () => {
    const whole = Buffer.from("Subject: one\n\nfirst\u00e9Subject: two\n\nsecond", "latin1");
    expect((await readMessage(whole.subarray(0, 20))).body).toBe("firsté");
  });
});

describe("readMessage on awkward messages of the corpus", () => {
  it("reads Turkish headers in 8 bits, in the charset of the body", async () => {
    expect((await fromCorpus("sa-5cac9708afd7")).subject).toBe("[WM] GREEN CARD CEKİLİSİ KACIRMAYIN");
  });

  it("reads Korean in ks_c_5601-1987", async () => {
    const message = await fromCorpus("sa-7ce3307b56dd");
    expect(message.from).toBe("교육팀 <master@ibd.pe.kr>");
    expect(message.body).toContain("외국계 은행");
  });

  it("reads an undeclared pound sign and apostrophe", async () => {
    expect((await fromCorpus("sa-240461056916")).body).toContain("the world’s largest e-mail service");
  });

  it("shows the source of HTML that has no text", async () => {
    expect((await fromCorpus("sa-12e00174bc13")).body).toContain("<img src=http://www.vitafactory.com");
  });
});

describe("readMessage never throws", () => {
  it("on any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (raw) => {
        expect(Object.keys(await readMessage(raw))).toEqual(Object.keys(EMPTY));
      }),
    );
  });

  it("on real messages with a piece cut out, doubled or overwritten", async () => {
    const mails = [...corpus.values()].filter((_, index) => index % 40 === 0);
    const damage = fc.record({
      mail: fc.constantFrom(...mails),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      length: fc.nat(200),
      kind: fc.constantFrom("cut", "double", "overwrite"),
      bytes: fc.uint8Array({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ mail, at, length, kind, bytes }) => {
        const { raw } = mail;
        const start = Math.floor(at * raw.length);
        const piece = raw.subarray(start, start + length);
        const middle = { cut: [], double: [piece, piece], overwrite: [bytes] }[kind] ?? [];
        const damaged = Buffer.concat([raw.subarray(0, start), ...middle, raw.subarray(start + length)]);
        expect(Object.keys(await readMessage(damaged))).toEqual(Object.keys(EMPTY));
      }),
      { numRuns: 200 },
    );
  });
});
