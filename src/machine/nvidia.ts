/**
 * Asks NVIDIA's driver for its version and GPUs without sluice's CUDA library, so that `doctor` can say whether
 * building that library is worth it.
 *
 * @module
 */
import { loaderSentence, type SystemCalls } from "./system_calls.ts";

/** The driver's library. A container gets it from its host. */
const DRIVER_LIBRARY = "libcuda.so.1";

const functions = {
  cuInit: { parameters: ["u32"], result: "i32" }, // flags
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" }, // version
  cuGetErrorString: { parameters: ["i32", "buffer"], result: "i32" }, // result, text
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" }, // count
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" }, // device, index
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // name, capacity, device
  cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" }, // value, attribute, device
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" }, // bytes, device
} as const;

type DriverLibrary = Deno.DynamicLibrary<typeof functions>;

/** CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR. */
const CAPABILITY = [75, 76] as const;

/** A GPU that this process can use. */
export interface Gpu {
  /** The model name. */
  readonly name: string;
  /** The compute capability, such as `9.0`. */
  readonly capability: string;
  /** Bytes of memory. */
  readonly memory: number;
}

/** NVIDIA's driver and its GPUs. */
export interface NvidiaReport {
  /** The version of the kernel module; null if it is not loaded or not visible here. */
  readonly kernelModule: string | null;
  /** The path of the driver's library; null if it was not found. */
  readonly library: string | null;
  /** The newest CUDA version that the driver supports; null if its library was not found. */
  readonly cuda: string | null;
  /** The GPUs that this process can use. */
  readonly gpus: readonly Gpu[];
  /**
   * Why there is no GPU although the driver is installed, with the remedy, in one sentence; null if there is nothing
   * to mend.
   */
  readonly fault: string | null;
}

function readKernelModule(system: SystemCalls): string | null {
  const text = system.read("/proc/driver/nvidia/version") ?? "";
  return /^NVRM version:.*?\b(\d+\.\d+(?:\.\d+)?)\b/m.exec(text)?.[1] ?? null;
}

function readInt(write: (slot: Int32Array<ArrayBuffer>) => number): number {
  const slot = new Int32Array(1);
  write(slot);
  return slot[0] ?? 0;
}

function describeGpu({ symbols }: DriverLibrary, index: number): Gpu {
  const device = readInt((slot) => symbols.cuDeviceGet(slot, index));
  const [name, bytes] = [new Uint8Array(256), new BigUint64Array(1)];
  symbols.cuDeviceGetName(name, name.length, device);
  symbols.cuDeviceTotalMem_v2(bytes, device);
  const capability = CAPABILITY.map((attribute) =>
    readInt((slot) => symbols.cuDeviceGetAttribute(slot, attribute, device))
  );
  return {
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
    capability: capability.join("."),
    memory: Number(bytes[0]),
  };
}

function describeError({ symbols }: DriverLibrary, result: number): string {
  const slot = new BigUint64Array(1);
  symbols.cuGetErrorString(result, slot);
  const pointer = Deno.UnsafePointer.create(slot[0] ?? 0n);
  return pointer === null ? `error ${result}` : Deno.UnsafePointerView.getCString(pointer);
}

const inContainer = "start a container with the machine's GPUs (docker: --gpus all; Apptainer: --nv)";

function openDriver(): DriverLibrary | string {
  // Deno would ask the user of a program that may call other libraries only.
  if (Deno.permissions.querySync({ name: "ffi", path: DRIVER_LIBRARY }).state !== "granted") return "not permitted";
  try {
    return Deno.dlopen(DRIVER_LIBRARY, functions);
  } catch (error) {
    return loaderSentence(error);
  }
}

/** Looks for NVIDIA's driver, its library and its GPUs. */
export function examineNvidia(system: SystemCalls): NvidiaReport {
  const kernelModule = readKernelModule(system);
  const library = openDriver();
  if (typeof library === "string") {
    const fault = `NVIDIA's driver ${kernelModule} is loaded, but its library is not on the loader's paths or in ` +
      `LD_LIBRARY_PATH (${library}): ${inContainer}, or install the complete driver`;
    return { kernelModule, library: null, cuda: null, gpus: [], fault: kernelModule === null ? null : fault };
  }
  try {
    const version = readInt((slot) => library.symbols.cuDriverGetVersion(slot));
    const result = library.symbols.cuInit(0);
    const count = result === 0 ? readInt((slot) => library.symbols.cuDeviceGetCount(slot)) : 0;
    const reason = result === 0 ? "it reports no GPU" : describeError(library, result);
    return {
      kernelModule,
      library: new RegExp(`/\\S*/libcuda\\.so\\S*`).exec(system.read("/proc/self/maps") ?? "")?.[0] ?? DRIVER_LIBRARY,
      cuda: `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`,
      gpus: Array.from({ length: count }, (_, index) => describeGpu(library, index)),
      fault: count > 0
        ? null
        : `NVIDIA's driver is installed, but no GPU can be used (${reason}): ${inContainer}, check CUDA_VISIBLE_DEVICES, ` +
          "and run nvidia-smi",
    };
  } finally {
    library.close();
  }
}
