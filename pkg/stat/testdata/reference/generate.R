# Makes r.json: values of R's own functions, a second opinion on the methods that
# R has. The paired Newcombe interval is combined here from R's score intervals.
#
#     Rscript generate.R > r.json

number <- function(x) trimws(formatC(as.numeric(x), digits = 17, format = "g", width = 1))
list_of <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
rows <- character(0)
add <- function(.type, ...) {
  fields <- list(...)
  text <- paste(sprintf("\"%s\": %s", names(fields), vapply(fields, function(v) {
    if (length(v) == 1) number(v) else list_of(v)
  }, "")), collapse = ", ")
  rows <<- c(rows, sprintf("  {\"kind\": \"%s\", %s}", .type, text))
}

wilson <- function(k, n, level) prop.test(k, n, conf.level = level, correct = FALSE)$conf.int[1:2]

for (case in list(c(5, 10), c(1, 10), c(198, 200), c(200, 200), c(0, 10), c(286, 1319), c(742, 1319), c(950, 1000))) {
  for (level in c(0.9, 0.95, 0.99)) {
    ci <- suppressWarnings(wilson(case[1], case[2], level))
    add("wilson", k = case[1], n = case[2], level = level, low = ci[1], high = ci[2])
  }
}

for (t in list(c(14, 5, 0, 22), c(1, 1, 7, 12), c(59, 6, 16, 80), c(36, 12, 2, 0), c(5, 5, 5, 5), c(400, 342, 115, 462), c(54, 0, 0, 0))) {
  n <- sum(t)
  p <- c(t[1] + t[2], t[1] + t[3]) / n
  one <- suppressWarnings(wilson(t[1] + t[2], n, 0.95))
  two <- suppressWarnings(wilson(t[1] + t[3], n, 0.95))
  m <- c(t[1] + t[2], t[3] + t[4], t[1] + t[3], t[2] + t[4])
  cross <- t[1] * t[4] - t[2] * t[3]
  if (cross > 0) cross <- max(cross - n / 2, 0)
  phi <- if (all(m > 0)) cross / sqrt(prod(m)) else 0
  low <- p[1] - p[2] - sqrt((p[1] - one[1])^2 - 2 * phi * (p[1] - one[1]) * (two[2] - p[2]) + (two[2] - p[2])^2)
  high <- p[1] - p[2] + sqrt((one[2] - p[1])^2 - 2 * phi * (one[2] - p[1]) * (p[2] - two[1]) + (p[2] - two[1])^2)
  add("newcombe_paired", table = t, level = 0.95, low = low, high = high)
}

for (case in list(c(1, 7), c(3, 4), c(0, 20), c(57, 284), c(115, 342), c(4900, 5100))) {
  add("mcnemar_exact", b = case[1], c = case[2], p = binom.test(case[1], sum(case))$p.value)
}

welch <- list(x = c(0.96, 0.97, 0.94, 0.95, 0.98), y = c(0.89, 0.87, 0.90, 0.88, 0.91))
soporific <- list(x = sleep$extra[sleep$group == 1], y = sleep$extra[sleep$group == 2])
for (s in list(welch, soporific)) {
  r <- t.test(s$x, s$y, paired = TRUE)
  add("paired_t", x = s$x, y = s$y, t = r$statistic, df = r$parameter, p = r$p.value,
      estimate = r$estimate, low = r$conf.int[1], high = r$conf.int[2])
}

for (p in list(c(0.01, 0.04, 0.03, 0.005), c(0.02, 0.02, 0.02), c(1, 0.9, 0.001), c(0.2, 0.01, 0.03, 0.011, 0.5))) {
  add("holm", p = p, adjusted = p.adjust(p, "holm"))
}

for (q in c(0, 0.1, 0.25, 0.5, 0.99, 1)) {
  add("quantile", x = precip, q = q, value = quantile(precip, q, type = 7))
}

cat("{\"source\": \"R's stats package\", \"version\": \"", R.version.string,
    "\", \"command\": \"Rscript generate.R > r.json\",\n \"values\": [\n",
    paste(rows, collapse = ",\n"), "\n]}\n", sep = "")
