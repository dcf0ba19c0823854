export const tracking = {
  title: "Your delivery",
};
