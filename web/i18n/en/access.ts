export const access = {
  title: "Account",
};
