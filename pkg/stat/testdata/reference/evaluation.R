# Answers evaluation.py: reads lines of JSON with data, settings and an expression,
# and prints a line of JSON for each, with 17 digits.
suppressMessages({library(jsonlite); library(clubSandwich); library(sandwich); library(pROC); library(survival)})
n17 <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
show <- function(v) {
  if (is.list(v)) return(paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(names(v), function(k) { e <- v[[k]]
    if (is.list(e)) show(e) else if (length(e) == 1 && k != "df") sprintf("%.17g", as.numeric(e)) else n17(e) }, "")), collapse = ","), "}"))
  n17(v)
}
# A coefficient of a regression with clustered standard errors.
cr <- function(f, k, cl, type, level = .95, mu = 0, alternative = "two_sided") {
  cl <- factor(cl, levels = unique(cl)); type <- toupper(type)
  test <- if (type %in% c("CR0", "CR1")) "naive-t" else "Satterthwaite"
  ct <- coef_test(f, vcov = type, cluster = cl, test = test)
  df <- if (test == "naive-t") nlevels(cl) - 1 else ct$df_Satt[k]
  ci <- conf_int(f, vcov = type, cluster = cl, test = test, level = level)
  t <- (ct$beta[k] - mu) / ct$SE[k]
  p <- switch(alternative, two_sided = 2 * pt(-abs(t), df), greater = pt(t, df, lower.tail = FALSE), less = pt(t, df))
  list(estimate = ct$beta[k], statistic = t, df = df, p = p, interval = list(low = ci$CI_L[k], high = ci$CI_U[k]),
       details = list(standard_error = ct$SE[k]))
}
auc <- function(x, y, level = .95) {
  r <- roc(y, x, levels = c(0, 1), direction = "<", quiet = TRUE)
  ci <- as.numeric(ci.auc(r, conf.level = level, method = "delong"))
  list(estimate = as.numeric(r$auc), interval = list(low = ci[1], high = ci[3]), details = list(standard_error = sqrt(var(r, method = "delong"))))
}
km <- function(x, y, tau, level = .95) {
  t <- summary(survfit(Surv(x, y) ~ 1), rmean = tau)$table
  c(t[["rmean"]], t[[grep("se\\(rmean\\)", names(t))]])
}
for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  d <- q$data; x <- d$x; y <- d$y; cl <- d$clusters
  v <- tryCatch(eval(parse(text = q$expr)), error = function(e) list(error = conditionMessage(e)))
  if (!is.null(v$error)) cat(toJSON(v, auto_unbox = TRUE), "\n") else cat(show(v), "\n")
}
