export const driverApp = {
  title: "Today",
};
