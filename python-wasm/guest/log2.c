/* The C library's log2 is inexact for powers of two and wrong for subnormal numbers. This is how CPython computed it
 * where there was none. */
#include <math.h>

#define LN2 0.69314718055994530942

double log2(double x)
{
	if (!(x > 0) || isinf(x))
		return log(x); /* the same answers: NaN, infinities, errors */
	int exponent;
	double mantissa = frexp(x, &exponent);
	/* For x just above 1, exponent is 1 and the sum would cancel. */
	if (x >= 1.0)
		return log(2.0 * mantissa) / LN2 + (exponent - 1);
	return log(mantissa) / LN2 + exponent;
}
