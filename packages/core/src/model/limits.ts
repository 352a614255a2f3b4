/** How large a forest may be, grown here or read from anywhere: what a hostile state file can make a server hold. */
export const MAX_TREES = 10_000;
/** 18 bytes each, and 16 in the copy that is walked. 100 trees of 256 samples have some 20,000. */
export const MAX_NODES = 1_000_000;
export const MAX_DEPTH = 64;
export const MAX_FEATURES = 4_096;
/** Rows behind one node. */
export const MAX_SAMPLES = 2_147_483_647;
/** Characters of JSON text that are parsed at all. */
export const MAX_STATE_TEXT = 33_554_432;
