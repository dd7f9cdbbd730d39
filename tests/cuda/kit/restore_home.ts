/**
 * Restores the user's home folder before a test of the packed kit opens a device.
 *
 * @module
 */
import { restoreHome } from "../../../cli/home.ts";

restoreHome();
