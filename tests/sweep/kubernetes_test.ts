/**
 * Tests of a sweep's manifest against Kubernetes' schema.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertIsError,
  assertLessOrEqual,
  assertMatch,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { type IJob, Job } from "kubernetes-models/batch/v1";
import { parse } from "yaml";
import { InvalidInputError } from "../../src/errors.ts";
import { kubernetesManifest, liesIn, SweepSpec, threadsOf } from "../../src/sweep/mod.ts";
import { kubernetesSchema } from "../../src/sweep/request_schemas.ts";

const sweep = { folder: "/shared/My budgets", runs: ["budget=0.1", "budget=0.3"], retries: 2, command: ["sluice"] };

function manifestOf(request: Record<string, unknown>, changes: Partial<typeof sweep> = {}): IJob {
  const whole = kubernetesSchema.parse({ image: "registry.example/sluice:0.1", claim: "shared", ...request });
  return parse(kubernetesManifest({ ...sweep, ...changes }, whole));
}

function commandOf({ spec }: IJob): string[] {
  return [...spec?.template.spec?.containers[0]?.command ?? []];
}

Deno.test("the manifest is a valid Indexed Job with the resources of the spec", () => {
  const request = { namespace: "lab", cpu: 4, memory: "16Gi", gpus: 1, jobs: 5, notice: 30, mount: "/shared" };
  const manifest = manifestOf(request);
  new Job(manifest).validate();
  // The type makes the compiler reject keys that Kubernetes does not know.
  const resources = { cpu: "4", memory: "16Gi", "nvidia.com/gpu": 1 };
  const expected: IJob = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: manifest.metadata?.name ?? "", namespace: "lab" },
    spec: {
      completionMode: "Indexed",
      completions: 2,
      parallelism: 2,
      backoffLimitPerIndex: 2,
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          { action: "Ignore", onExitCodes: { containerName: "sluice", operator: "In", values: [75, 143] } },
          { action: "FailIndex", onExitCodes: { containerName: "sluice", operator: "In", values: [2] } },
        ],
      },
      template: {
        spec: {
          restartPolicy: "Never",
          terminationGracePeriodSeconds: 30,
          containers: [{
            name: "sluice",
            image: "registry.example/sluice:0.1",
            command: commandOf(manifest),
            resources: { requests: resources, limits: resources },
            volumeMounts: [{ name: "shared", mountPath: "/shared" }],
          }],
          volumes: [{ name: "shared", persistentVolumeClaim: { claimName: "shared" } }],
        },
      },
    },
  };
  assertEquals(manifest, expected);
  new Job(manifestOf({})).validate();
});

Deno.test("the schema refuses a wrong manifest", () => {
  const manifest = manifestOf({});
  const wrong = { ...manifest, spec: { ...manifest.spec, completions: "all" } };
  assertThrows(() => new Job(Object.assign({}, manifest, wrong)).validate(), Error, "completions must be integer");
});

Deno.test("a Job's name has the folder and a digest of its contents", () => {
  const name = (changes: Partial<typeof sweep>) => manifestOf({}, changes).metadata?.name ?? "";
  assertMatch(name({}), /^sluice-my-budgets-[0-9a-f]{8}$/);
  assertStrictEquals(name({}), name({}));
  assertNotStrictEquals(name({}), name({ runs: ["budget=0.3"] }));
  assertMatch(name({ folder: `/shared/${"Ü b".repeat(40)}` }), /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
  assertLessOrEqual(name({ folder: `/shared/${"ab".repeat(40)}` }).length, 48);
});

/** Expands a word of a command like Kubernetes: `$$` becomes `$`, and `$(NAME)` a variable's value. */
function expand(text: string): string {
  return text.replace(/\$\$|\$\([A-Za-z_][A-Za-z0-9_.-]*\)/g, (found) => found === "$$" ? "$" : "replaced");
}

Deno.test("paths that look like Kubernetes' variables reach the shell unchanged", () => {
  for (const folder of ["/shared/$(HOME)", "/shared/$$", "/shared/$$$(HOME)$$(HOME)"]) {
    const [, , script = ""] = commandOf(manifestOf({}, { folder }));
    assert(expand(script).startsWith(`folder='${folder}'\n`), folder);
  }
  const [, , plain = ""] = commandOf(manifestOf({}));
  assertStrictEquals(expand(plain), plain, "any other command stays unchanged");
});

Deno.test("threads are the requested processors, rounded down to at least 1", () => {
  assertEquals(threadsOf({}), null);
  const known = { "4": 4, "2.5": 2, "500m": 1, "3900m": 3 };
  for (const [cpu, threads] of Object.entries(known)) assertStrictEquals(threadsOf({ cpu }), threads, cpu);
});

Deno.test("a path is inside a folder only if the folder's whole name precedes it", () => {
  for (const path of ["/shared", "/shared/a", "/shared/..a"]) assert(liesIn(path, "/shared"), path);
  for (const path of ["/share", "/shared2/a", "/", "/other"]) assert(!liesIn(path, "/shared"), path);
});

Deno.test("a wrong kubernetes section is refused with its line", () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["image: a", /^s\.yaml:1: kubernetes\.claim: give the name of a Kubernetes object/],
    ["image: a b\n  claim: c", /^s\.yaml:2: kubernetes\.image: give the name of a container image$/],
    ["image: a\n  claim: C", /^s\.yaml:3: kubernetes\.claim: give the name of a Kubernetes object/],
    ["image: a\n  claim: c\n  memory: 16 GB", /^s\.yaml:4: kubernetes\.memory: give a Kubernetes quantity/],
    ["image: a\n  claim: c\n  mount: data", /^s\.yaml:4: kubernetes\.mount: give an absolute path/],
    ["image: a\n  claim: c\n  gpuss: 1", /^s\.yaml:4: unknown key gpuss; did you mean gpus\?$/],
  ];
  for (const [text, message] of refused) {
    assertIsError(assertThrows(() => SweepSpec.parse("s.yaml", `kubernetes:\n  ${text}`)), InvalidInputError, message);
  }
});
