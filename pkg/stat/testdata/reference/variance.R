# What R says of the cases of variance.py, which calls it:
#
#     Rscript variance.R cases.json > values.json
#
# Packages: jsonlite, car. Numbers are written with 17 digits.
suppressMessages({library(jsonlite); library(car)})
options(contrasts = c("contr.sum", "contr.poly"))

num <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
one <- function(x) sprintf("%.17g", as.numeric(x)[1])
obj <- function(...) {
  f <- list(...)
  paste0("{", paste(sprintf("\"%s\":%s", names(f), unlist(f)), collapse = ","), "}")
}
logp <- function(f, d1, d2) pf(f, d1, d2, lower.tail = FALSE, log.p = TRUE)
term <- function(name, ss, d1, d2, f) obj(name = sprintf("\"%s\"", name), sum_sq = one(ss), df = num(c(d1, d2)), f = one(f),
  p = one(pf(f, d1, d2, lower.tail = FALSE)), log_p = one(logp(f, d1, d2)))

# A large common part costs R digits: the first value is taken off, exactly.
long <- function(groups) data.frame(y = unlist(groups) - groups[[1]][1], g = factor(rep(seq_along(groups), lengths(groups))))

# mauchly.test of R 4.2.2 has the number of conditions where Box's second term has
# that of contrasts (3 p for 3 pp): the p-value is taken from its W.
box <- function(w, p, n) {
  rho <- 1 - (2 * p^2 + p + 2) / (6 * p * n)
  second <- (p + 2) * (p - 1) * (p - 2) * (2 * p^3 + 6 * p^2 + 3 * p + 2) / (288 * (n * p * rho)^2)
  z <- -n * rho * log(w)
  f <- p * (p + 1) / 2 - 1
  one <- pchisq(z, f, lower.tail = FALSE)
  one + second * (pchisq(z, f + 4, lower.tail = FALSE) - one)
}

answer <- function(case) {
  d <- case$data
  set <- case$set
  method <- if (is.null(set$method)) "" else set$method
  switch(case$test,
    anova = {
      l <- long(d$groups)
      a <- anova(lm(y ~ g, l)); f <- a$`F value`[1]
      obj(statistic = one(f), df = num(a$Df), p = one(max(1e-300, a$`Pr(>F)`[1])), log_p = one(logp(f, a$Df[1], a$Df[2])),
        effect = obj(estimate = one(a$`Sum Sq`[1] / sum(a$`Sum Sq`))),
        details = obj(ss_between = one(a$`Sum Sq`[1]), ss_within = one(a$`Sum Sq`[2])))
    },
    welch_anova = {
      r <- oneway.test(y ~ g, long(d$groups))
      obj(statistic = one(r$statistic), df = num(r$parameter), p = one(max(1e-300, r$p.value)), log_p = one(logp(r$statistic, r$parameter[1], r$parameter[2])))
    },
    anova_two_way = {
      l <- data.frame(y = as.numeric(d$y), a = factor(d$a), b = factor(d$b))
      form <- if (identical(set$interaction, "false")) y ~ a + b else y ~ a * b
      m <- lm(form, l)
      type <- if (is.null(set$type)) "2" else set$type
      t <- switch(type, "1" = anova(m), "2" = Anova(m, type = 2), "3" = Anova(m, type = 3))
      t <- t[rownames(t) != "(Intercept)", ]
      k <- nrow(t)
      terms <- paste(sapply(seq_len(k - 1), function(i) term(rownames(t)[i], t$`Sum Sq`[i], t$Df[i], t$Df[k], t$`F value`[i])), collapse = ",")
      s <- summary(m)$fstatistic
      obj(terms = paste0("[", terms, "]"), statistic = one(s[1]), df = num(s[2:3]), log_p = one(logp(s[1], s[2], s[3])),
        details = obj(ss_residual = one(t$`Sum Sq`[k])))
    },
    ancova = {
      l <- data.frame(y = as.numeric(d$y), g = factor(d$a, levels = unique(d$a)), x = as.numeric(d$covariate))
      m <- lm(y ~ g + x, l)
      t <- Anova(m, type = 2)
      h <- anova(m, lm(y ~ g * x, l))
      adjusted <- predict(m, data.frame(g = levels(l$g), x = mean(l$x)))
      details <- c(list(slope = one(coef(m)["x"]), slopes_f = one(h$F[2]), slopes_p = one(h$`Pr(>F)`[2])),
        setNames(lapply(adjusted, one), paste0("adjusted_mean_", seq_along(adjusted) - 1)))
      obj(statistic = one(t$`F value`[1]), df = num(t$Df[c(1, 3)]), p = one(t$`Pr(>F)`[1]), log_p = one(logp(t$`F value`[1], t$Df[1], t$Df[3])),
        terms = paste0("[", term("groups", t$`Sum Sq`[1], t$Df[1], t$Df[3], t$`F value`[1]), ",",
          term("covariate", t$`Sum Sq`[2], t$Df[2], t$Df[3], t$`F value`[2]), "]"),
        details = do.call(obj, details))
    },
    rm_anova = , mauchly = {
      x <- d$blocks - d$blocks[, 1]
      m <- lm(x ~ 1)
      w <- if (ncol(x) > 2 && nrow(x) >= ncol(x)) mauchly.test(m, X = ~1) else NULL
      if (!is.null(w)) w$p.value <- box(w$statistic, ncol(x) - 1, nrow(x) - 1)
      if (case$test == "mauchly") return(obj(statistic = one(w$statistic), p = one(w$p.value)))
      a <- anova(m, X = ~1, test = "Spherical")
      e <- stats:::sphericity(SSD(m), X = ~1)
      gg <- e$GG.eps; hf <- min(1, e$HF.eps)
      d1 <- ncol(x) - 1; d2 <- d1 * (nrow(x) - 1); f <- a$F[1]
      eps <- switch(method, hf = hf, none = 1, gg)
      values <- list(statistic = one(f), df = num(c(d1, d2) * eps), log_p = one(logp(f, d1 * eps, d2 * eps)),
        p = one(switch(method, hf = a$`H-F Pr`[1], none = a$`Pr(>F)`[1], a$`G-G Pr`[1])))
      details <- list(p_gg = one(a$`G-G Pr`[1]), p_hf = one(a$`H-F Pr`[1]), p_uncorrected = one(a$`Pr(>F)`[1]), gg_epsilon = one(gg), hf_epsilon = one(hf))
      if (!is.null(w)) details <- c(details, list(mauchly_w = one(w$statistic), mauchly_p = one(w$p.value)))
      do.call(obj, c(values, list(details = do.call(obj, details))))
    },
    anova_mixed = {
      x <- d$blocks - d$blocks[1, 1]
      g <- factor(d$a)
      k <- ncol(x)
      m <- lm(x ~ g)
      a <- summary(Anova(m, idata = data.frame(w = factor(seq_len(k))), idesign = ~w, type = as.numeric(set$type)), multivariate = FALSE)
      u <- unclass(a$univariate.tests)
      gg <- a$pval.adjustments[1, "GG eps"]; hf <- min(1, a$pval.adjustments[1, "HF eps"])
      eps <- switch(method, hf = hf, none = 1, gg)
      row <- function(name, as, e) term(as, u[name, "Sum Sq"], u[name, "num Df"] * e, u[name, "den Df"] * e, u[name, "F value"])
      last <- u["g:w", ]
      obj(statistic = one(last["F value"]), df = num(c(last["num Df"], last["den Df"]) * eps),
        terms = paste0("[", row("g", "between", 1), ",", row("w", "within", eps), ",", row("g:w", "between:within", eps), "]"),
        details = obj(gg_epsilon = one(gg), hf_epsilon = one(hf), ss_error = one(last["Error SS"])))
    },
    contrast = {
      l <- long(d$groups)
      w <- as.numeric(strsplit(set$weights, ",")[[1]])
      means <- tapply(l$y, l$g, mean); v <- tapply(l$y, l$g, var); n <- tapply(l$y, l$g, length)
      if (method == "pooled") {
        df <- sum(n) - length(n)
        se <- sqrt(sum((n - 1) * v) / df * sum(w^2 / n))
      } else {
        se <- sqrt(sum(w^2 * v / n))
        df <- se^4 / sum((w^2 * v / n)^2 / (n - 1))
      }
      value <- sum(w * means)
      half <- qt((1 - as.numeric(set$level)) / 2, df, lower.tail = FALSE) * se
      obj(statistic = one(value / se), df = num(df), p = one(2 * pt(-abs(value / se), df)), estimate = one(value),
        interval = obj(low = one(value - half), high = one(value + half)))
    },
    kruskal_wallis = {
      r <- kruskal.test(y ~ g, long(d$groups))
      if (method != "") return(obj(statistic = one(r$statistic), df = num(r$parameter)))
      obj(statistic = one(r$statistic), df = num(r$parameter), p = one(r$p.value), log_p = one(pchisq(r$statistic, r$parameter, lower.tail = FALSE, log.p = TRUE)))
    },
    friedman = {
      r <- friedman.test(d$blocks)
      n <- nrow(d$blocks); k <- ncol(d$blocks); q <- r$statistic
      effect <- obj(estimate = one(q / (n * (k - 1))))
      if (method == "exact") return(obj(statistic = one(q), df = num(r$parameter), effect = effect))
      if (method == "iman_davenport") {
        f <- (n - 1) * q / (n * (k - 1) - q)
        return(obj(statistic = one(f), df = num(c(k - 1, (n - 1) * (k - 1))), log_p = one(logp(f, k - 1, (n - 1) * (k - 1))), effect = effect))
      }
      obj(statistic = one(q), df = num(r$parameter), p = one(r$p.value), log_p = one(pchisq(q, k - 1, lower.tail = FALSE, log.p = TRUE)), effect = effect)
    },
    quade = {
      r <- quade.test(d$blocks)
      obj(statistic = one(r$statistic), df = num(r$parameter), p = one(r$p.value), log_p = one(logp(r$statistic, r$parameter[1], r$parameter[2])))
    },
    "null")
}

cases <- fromJSON(commandArgs(TRUE)[1], simplifyVector = TRUE, simplifyDataFrame = FALSE)
cases <- lapply(cases, function(case) {
  if (is.matrix(case$data$groups)) case$data$groups <- lapply(seq_len(nrow(case$data$groups)), function(i) case$data$groups[i, ])
  case
})
values <- vapply(cases, function(case) suppressWarnings(answer(case)), "")
cat(sprintf("{\"version\": \"%s\", \"values\": [\n%s\n]}\n", R.version.string, paste(values, collapse = ",\n")))
