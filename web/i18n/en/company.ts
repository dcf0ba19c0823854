export const company = {
  title: "Company",
  lead: "What holds for the whole company.",
  name: "Company name",
  timeZone: "Time zone",
  timeZoneHint: "Days and time windows are meant in it, unless a site has its own.",
  holidays: "Public holidays of",
  holidaysHint: "Days that are no business days.",
  saved: "Company saved",
  readOnly: "Owners and admins can change this.",
};
