/**
 * Tests of finding the mount of a path, and of examining folders.
 *
 * @module
 */
import { assertEquals, assertGreater, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import {
  examineFolder,
  examineStorage,
  mountOf,
  readMounts,
  sizeOfFolder,
  SystemCalls,
} from "../../src/machine/mod.ts";
import { withVariable } from "../environment.ts";
import { withFolder } from "../folders.ts";
import { onSimulated } from "./drawn_machine.ts";

const mounts = [
  "overlay / overlay rw,relatime 0 0",
  "tmpfs /tmp tmpfs rw,nosuid,noexec,relatime 0 0",
  "/dev/sda1 /tmp/a\\040b\\134c ext4 ro,relatime 0 0",
  "tmpfs /data tmpfs ro 0 0",
  "/dev/sdb1 /data xfs rw,noexec 0 0",
  "broken",
].join("\n");

Deno.test(
  "a path lies on the innermost mount, and on the last of several mounts on one folder",
  onSimulated({ "/proc/self/mounts": mounts }, (system) => {
    const table = readMounts(system);
    const pointOf = (path: string) => mountOf(path, table)?.point;
    assertEquals(table.length, 5);
    assertEquals(pointOf("/"), "/");
    assertEquals(pointOf("/home/me"), "/");
    assertEquals(pointOf("/tmp"), "/tmp");
    assertEquals(pointOf("/tmpfiles"), "/");
    assertEquals(pointOf("/tmp/a b\\c/d"), "/tmp/a b\\c");
    assertEquals(mountOf("/data/x", table), { point: "/data", type: "xfs", noexec: true, readOnly: false });
    assertEquals(mountOf("/tmp/a b\\c", table), {
      point: "/tmp/a b\\c",
      type: "ext4",
      noexec: false,
      readOnly: true,
    });
    assertEquals(mountOf("/tmp", []), null);
  }),
);

Deno.test(
  "a folder's free space and mount are found, also before it is made and through a link",
  withFolder((folder) => {
    using system = new SystemCalls();
    const real = Deno.realPathSync(folder);
    const table = [{ point: real, type: "drawn", noexec: true, readOnly: false }];
    const { free, ...there } = examineFolder(system, table, folder);
    assertGreater(free ?? 0, 0);
    const drawn = { mount: real, type: "drawn", noexec: true, readOnly: false };
    assertEquals(there, { path: folder, exists: true, writable: true, ...drawn });
    const { free: later, ...nowhere } = examineFolder(system, table, join(folder, "a", "b"));
    assertGreater(later ?? 0, 0);
    assertEquals(nowhere, { path: join(folder, "a", "b"), exists: false, writable: true, ...drawn });
    const link = `${folder}.link`;
    Deno.symlinkSync(folder, link);
    try {
      assertStrictEquals(examineFolder(system, table, link).mount, real);
    } finally {
      Deno.removeSync(link);
    }
  }),
);

Deno.test("a folder that Deno denies counts as not writable and is no error", () => {
  using system = new SystemCalls();
  const { writable, free, mount } = examineFolder(system, readMounts(system), "/proc/self");
  assertEquals({ writable, free, mount }, { writable: false, free: null, mount: "/proc" });
});

Deno.test(
  "the temporary folder is TMPDIR, and the size of the executable's files is found",
  withFolder((folder) => {
    using system = new SystemCalls();
    Deno.mkdirSync(join(folder, "lib"));
    Deno.writeFileSync(join(folder, "lib", "a"), new Uint8Array(1000));
    Deno.writeFileSync(join(folder, "b"), new Uint8Array(23));
    Deno.symlinkSync("/proc/self", join(folder, "elsewhere"));
    assertEquals(sizeOfFolder(folder), 1023);
    assertEquals(sizeOfFolder(join(folder, "nowhere")), 0);
    withVariable("TMPDIR", folder, () => {
      withVariable("SLUICE_CACHE_FOLDER", folder, () => {
        const { temporary, cache, data, current } = examineStorage(system, "/data");
        assertStrictEquals(temporary.path, folder);
        assertEquals([cache?.path, cache?.bytes], [folder, 1023]);
        assertEquals([data.path, current.path], ["/data", Deno.cwd()]);
      });
      withVariable("SLUICE_CACHE_FOLDER", undefined, () => assertEquals(examineStorage(system, "/data").cache, null));
    });
    withVariable("TMPDIR", undefined, () => assertEquals(examineStorage(system, "/data").temporary.path, "/tmp"));
  }),
);
