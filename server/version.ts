/** This release. The only place that says so. */
export const version = "0.1.0";
