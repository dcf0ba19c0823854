export const drivers = {
  title: "Drivers",
};
