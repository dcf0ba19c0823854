import "./ui/mantine.css";
import "./ui/theme_variables.css";
import "./ui/global.css";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiProblem, whenSignedOut } from "./api.ts";
import { speak } from "./i18n/i18n.ts";
import { createAppRouter } from "./router.tsx";
import { meQuery } from "./session.ts";
import { colourSchemeManager } from "./ui/colour_scheme.ts";
import { theme } from "./ui/theme.ts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // The client has retried what a retry can help already; a refusal stays one.
      retry: (count, fault) => !(fault instanceof ApiProblem) && count < 2,
    },
  },
});
const router = createAppRouter(queries);

whenSignedOut(() => {
  // Only a session that was there can end; a visitor without one is sent to sign in by the route itself.
  if (queries.getQueryData(meQuery.queryKey) === undefined) return;
  const back = router.state.location.href;
  queries.clear();
  void router.navigate({ to: "/sign-in", search: { back, reason: "ended" } });
});

await speak();
createRoot(document.getElementById("root")!, {
  // A problem is on the screen already; what nobody foresaw belongs in the console as well.
  onCaughtError: (fault) => fault instanceof ApiProblem || reportError(fault),
}).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colourSchemeManager}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <Notifications position="bottom-right" limit={3} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
