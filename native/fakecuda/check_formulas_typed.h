// SPDX-License-Identifier: Apache-2.0
/* For either element type: check_formulas.c includes this. */

static void NAMED(random_array)(REAL *a) {
    for (int i = 0; i < SIZE; i++) a[i] = (REAL) next_random();
}

static void NAMED(check_elements)(CUmodule module) {
    REAL a[SIZE], d[LD], r[SIZE];
    double value = 0.3;
    long long none = -1, found;
    NAMED(random_array)(a);
    for (int i = 0; i < LD; i++) d[i] = (REAL) next_random();
    REAL *da = to_device(a, sizeof a), *dd = to_device(d, sizeof d);
    launch(module, KERNEL_NAME(scaleRows), 2, 3, (void *[]){&dd, &da, &ld, &rows, &cols});
    launch(module, KERNEL_NAME(scaleCols), 1, 40, (void *[]){&dd, &da, &ld, &rows, &cols});
    launch(module, KERNEL_NAME(divide), 2, 3, (void *[]){&value, &da, &ld, &rows, &cols});
    launch(module, KERNEL_NAME(multiply), 2, 3, (void *[]){&value, &da, &ld, &rows, &cols});
    to_host(r, da, sizeof r);
    EACH(i, j, ROWS, LD) {
        REAL scaled = (REAL) (d[i] * AT(a, i, j)) * d[j], divided = (REAL) (scaled / value);
        CHECK(AT(r, i, j) == (j < COLS ? (REAL) (divided * value) : AT(a, i, j)));
    }
    launch(module, KERNEL_NAME(fill), 2, 3, (void *[]){&value, &da, &ld, &rows, &cols});
    to_host(r, da, sizeof r);
    EACH(i, j, ROWS, LD) CHECK(AT(r, i, j) == (j < COLS ? (REAL) value : AT(a, i, j)));
    AT(a, 20, COLS) = (REAL) NAN; /* in the gap */
    AT(a, 30, 3) = (REAL) -INFINITY;
    for (int with = 0; with < 2; with++) {
        long long expected = with ? 21 * COLS + 44 : 30 * COLS + 3;
        if (with) AT(a, 21, 44) = (REAL) NAN;
        REAL *input = to_device(a, sizeof a);
        long long *result = to_device(&none, sizeof none);
        launch(module, KERNEL_NAME(firstNonFinite), 2, 3, (void *[]){&input, &ld, &result, &rows, &cols});
        to_host(&found, result, sizeof found);
        CHECK(found == expected);
        cudaFree(input), cudaFree(result);
    }
    cudaFree(da), cudaFree(dd);
}

static void NAMED(check_diagonals)(CUmodule module) {
    REAL a[SIZE], d[ORDER], signs[ORDER], value = (REAL) 0.3, r[SIZE];
    double trace, expected = 0, all = 0, other[ORDER];
    NAMED(random_array)(a);
    for (int i = 0; i < ORDER; i++) other[i] = next_random();
    REAL *da = to_device(a, sizeof a), *dd = to_device(a, sizeof d), *dsigns = to_device(a, sizeof signs);
    double *dtrace = to_device(other, sizeof trace), *dother = to_device(other, sizeof other);
    launch(module, KERNEL_NAME(diagonal), 2, 1, (void *[]){&da, &ld, &dd, &order});
    launch(module, KERNEL_NAME(signsOfDiagonal), 2, 1, (void *[]){&da, &ld, &dsigns, &order});
    launch(module, KERNEL_NAME(trace), 1, 1, (void *[]){&da, &ld, &dtrace, &order});
    launch(module, KERNEL_NAME(addToDiagonal), 2, 1, (void *[]){&value, &da, &ld, &order});
    to_host(r, da, sizeof r), to_host(d, dd, sizeof d), to_host(signs, dsigns, sizeof signs);
    to_host(&trace, dtrace, sizeof trace);
    EACH(i, j, ROWS, LD) CHECK(AT(r, i, j) == (i == j ? AT(a, i, i) + value : AT(a, i, j)));
    for (int i = 0; i < ORDER; i++) {
        CHECK(d[i] == AT(a, i, i) && signs[i] == (AT(a, i, i) < 0 ? -1 : 1));
        expected += AT(a, i, i);
        all += fabs((double) AT(a, i, i));
    }
    CHECK(is_sum(trace, expected, ORDER, all));
    launch(module, KERNEL_NAME(setDiagonal), 2, 1, (void *[]){&dother, &da, &ld, &order});
    to_host(r, da, sizeof r);
    EACH(i, j, ROWS, LD) CHECK(AT(r, i, j) == (i == j ? (REAL) other[i] : AT(a, i, j)));
    cudaFree(da), cudaFree(dd), cudaFree(dsigns), cudaFree(dtrace), cudaFree(dother);
}

static void NAMED(check_row_sums)(CUmodule module) {
    REAL x[SIZE], y[SIZE];
    double lower[ROWS], identity[ROWS], dots[ROWS], sums[ROWS];
    NAMED(random_array)(x), NAMED(random_array)(y);
    REAL *dx = to_device(x, sizeof x), *dy = to_device(y, sizeof y);
    double *dlower = to_device(lower, sizeof lower), *didentity = to_device(lower, sizeof lower);
    double *ddots = to_device(lower, sizeof lower), *dsums = to_device(lower, sizeof lower);
    launch(module, KERNEL_NAME(squaresOfLower), 3, 1, (void *[]){&dx, &ld, &dlower, &order});
    launch(module, KERNEL_NAME(squaresFromIdentity), 3, 1, (void *[]){&dx, &ld, &didentity, &order});
    launch(module, KERNEL_NAME(rowDots), 3, 1, (void *[]){&dx, &ld, &dy, &ld, &ddots, &rows, &cols});
    launch(module, KERNEL_NAME(rowSums), 3, 1, (void *[]){&dx, &ld, &dsums, &rows, &cols});
    to_host(lower, dlower, sizeof lower), to_host(identity, didentity, sizeof identity);
    to_host(dots, ddots, sizeof dots), to_host(sums, dsums, sizeof sums);
    for (int i = 0; i < ROWS; i++) {
        double lower_i = 0, identity_i = 0, dot = 0, sum = 0;
        for (int j = 0; j < COLS; j++) {
            double a = AT(x, i, j), away = (i == j) - a;
            if (j <= i) lower_i += (j < i ? 2 : 1) * a * a;
            if (j < ORDER) identity_i += away * away;
            dot += a * AT(y, i, j);
            sum += a;
        }
        CHECK(is_sum(lower[i], lower_i, COLS, 2 * COLS) && is_sum(identity[i], identity_i, COLS, 4 * COLS));
        CHECK(is_sum(dots[i], dot, COLS, COLS) && is_sum(sums[i], sum, COLS, COLS));
    }
    cudaFree(dx), cudaFree(dy), cudaFree(dlower), cudaFree(didentity), cudaFree(ddots), cudaFree(dsums);
}

static void NAMED(check_correction)(CUmodule module) {
    REAL x[SIZE], xbx[SIZE], b[SIZE], r[SIZE];
    float y[SIZE], averaged[SIZE];
    double scale = -0.3;
    NAMED(random_array)(x), NAMED(random_array)(xbx), NAMED(random_array)(b);
    for (int i = 0; i < SIZE; i++) b[i] = (REAL) (1 + fabs((double) b[i])), y[i] = (float) next_random();
    REAL *dx = to_device(x, sizeof x), *dxbx = to_device(xbx, sizeof xbx), *db = to_device(b, sizeof b);
    float *dy = to_device(y, sizeof y);
    launch(module, KERNEL_NAME(averageLower), 2, 3, (void *[]){&scale, &dx, &ld, &dy, &ld, &order});
    launch(module, KERNEL_NAME(newtonCorrect), 1, 3, (void *[]){&dx, &ld, &dxbx, &ld, &db, &ld, &order});
    to_host(averaged, dy, sizeof averaged), to_host(r, dx, sizeof r);
    EACH(i, j, ROWS, LD) {
        if (j >= ORDER) {
            CHECK(AT(averaged, i, j) == AT(y, i, j) && AT(r, i, j) == AT(x, i, j));
            continue;
        }
        double mean = scale * ((double) AT(x, i, j) + (double) AT(x, j, i)) / 2;
        CHECK(AT(averaged, i, j) == (j <= i ? (float) mean : AT(y, i, j)));
        double residual = (i == j) - ((double) AT(xbx, i, j) + (double) AT(xbx, j, i)) / 2;
        double roots = sqrt((double) AT(b, i, i)) + sqrt((double) AT(b, j, j));
        double corrected = ((double) AT(x, i, j) + (double) AT(x, j, i)) / 2 + residual / roots;
        CHECK(AT(r, i, j) == (REAL) corrected);
    }
    cudaFree(dx), cudaFree(dxbx), cudaFree(db), cudaFree(dy);
}

/* What is above the diagonal is not read. */
static void NAMED(check_lower)(CUmodule module) {
    REAL a[SIZE], b[SIZE], r[SIZE];
    double shift = 0.3, alpha = -0.7;
    NAMED(random_array)(a), NAMED(random_array)(b);
    EACH(i, j, ORDER, ORDER) AT(a, i, j) = j > i ? (REAL) NAN : AT(a, i, j);
    REAL *da = to_device(a, sizeof a), *db = to_device(b, sizeof b), *dc = to_device(b, sizeof b);
    launch(module, KERNEL_NAME(shiftedLower), 2, 3, (void *[]){&shift, &da, &ld, &db, &ld, &order});
    launch(module, KERNEL_NAME(addLower), 1, 3, (void *[]){&alpha, &da, &ld, &dc, &ld, &order});
    to_host(r, db, sizeof r);
    EACH(i, j, ROWS, LD) {
        REAL lower = i == j ? (REAL) (AT(a, i, j) + shift) : j < i ? AT(a, i, j) : 0;
        CHECK(AT(r, i, j) == (j < ORDER ? lower : AT(b, i, j)));
    }
    to_host(r, dc, sizeof r);
    EACH(i, j, ROWS, LD) {
        CHECK(AT(r, i, j) == (j <= i ? MULTIPLY_ADD((REAL) alpha, AT(a, i, j), AT(b, i, j)) : AT(b, i, j)));
    }
    cudaFree(da), cudaFree(db), cudaFree(dc);
}
