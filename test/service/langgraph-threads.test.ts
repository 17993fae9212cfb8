import { join } from "node:path";
import { langgraphThreads } from "assent/service";
import { threadsContract } from "assent/testing";
import { afterAll, beforeAll, describe, expect, inject, it, test } from "vitest";
import { startDevServer, UNKEPT, type DevServer } from "../e2e/dev-server.js";

let server: DevServer;
beforeAll(async () => {
  const config = join(import.meta.dirname, "../e2e/served/langgraph.json");
  server = await startDevServer({ databaseUrl: inject("postgresUrl"), config });
});
afterAll(() => server.stop());

describe("threads on a LangGraph server", () => {
  threadsContract({ describe, it }, async () => ({
    threads: langgraphThreads({ url: server.url, headers: UNKEPT, assistantOf: () => "contract" }),
    close: async () => {},
  }));

  test("are run with the assistant that ran them last, if nobody says which", async () => {
    const threads = langgraphThreads({ url: server.url, headers: UNKEPT });
    const id = crypto.randomUUID();
    await expect(threads.start(id, { questions: ["one"] })).rejects.toMatchObject({
      code: "config_invalid",
      fix: "Give langgraphThreads an `assistantOf`",
    });
    await server.client.runs.wait(id, "contract", { input: { questions: ["one"] } });
    const { pending } = await threads.state(id);
    await threads.resume(id, { [pending[0]!]: "yes" });
    expect((await threads.state(id)).status).toBe("finished");
  });

  test("say what a node threw as an error that may pass", async () => {
    const threads = langgraphThreads({ url: server.url, headers: UNKEPT, assistantOf: () => "contract" });
    const id = crypto.randomUUID();
    await expect(threads.start(id, { questions: [], breaks: "before" })).rejects.toMatchObject({
      code: "thread_failed",
      retryable: true,
      where: `thread ${id}`,
    });
  });
});

test("a thread that no server of LangGraph can have is said to be another host's", async () => {
  const threads = langgraphThreads({ url: server.url, headers: UNKEPT });
  await expect(threads.state("ticket-7")).rejects.toMatchObject({ code: "config_invalid", where: "thread ticket-7" });
});

test("a server that is away rejects", async () => {
  await expect(langgraphThreads({ url: "http://127.0.0.1:1" }).state(crypto.randomUUID())).rejects.toThrow(/./);
});
