// A page without a check on it.
import { frame } from "./frame.js";

frame(0);
