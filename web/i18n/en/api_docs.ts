export const apiDocs = {
  title: "API",
};
