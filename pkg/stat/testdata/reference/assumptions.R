# Answers assumptions.py: reads lines of JSON with data and an expression, and
# prints a line of JSON for each, with 17 digits.
suppressMessages({library(jsonlite); library(nortest); library(goftest); library(car)})
n17 <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
show <- function(v) {
  if (is.list(v)) return(paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(v, function(e)
    if (is.list(e)) show(e) else if (length(e) == 1) sprintf("%.17g", as.numeric(e)) else n17(e), "")), collapse = ","), "}"))
  n17(v)
}
ht <- function(h) list(statistic = unname(h$statistic), p = h$p.value)
groups <- function(d) list(v = unlist(d$groups), g = factor(rep(seq_along(d$groups), lengths(d$groups))))
for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  d <- q$data; x <- d$x; y <- d$y
  if (!is.null(d$groups)) { gr <- groups(d) }
  v <- tryCatch(eval(parse(text = q$expr)), error = function(e) list(error = conditionMessage(e)))
  if (!is.null(v$error)) cat(toJSON(v, auto_unbox = TRUE), "\n") else {
    if (!is.null(v$df)) { df <- v$df; v$df <- NULL; s <- show(v)
      cat(sub("}$", paste0(",\"df\":", n17(df), "}"), s), "\n") }
    else cat(show(v), "\n")
  }
}
