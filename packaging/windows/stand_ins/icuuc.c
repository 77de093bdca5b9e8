/* Stands in for the icuuc.dll that every Windows since 10 has and Wine lacks. For tests under Wine
 * only: it is never shipped. Qt asks it for converters of old encodings; here there are none. */

#include <stddef.h>

#define EXPORT __declspec(dllexport)

enum { U_UNSUPPORTED_ERROR = 16 };

typedef void *Converter;

EXPORT Converter ucnv_open(const char *name, int *error)
{
	(void)name;
	*error = U_UNSUPPORTED_ERROR;
	return NULL;
}

EXPORT void ucnv_close(Converter converter)
{
	(void)converter;
}

EXPORT int ucnv_countAvailable(void)
{
	return 0;
}

EXPORT const char *ucnv_getAvailableName(int index)
{
	(void)index;
	return NULL;
}

EXPORT const char *ucnv_getStandardName(const char *name, const char *standard, int *error)
{
	(void)name;
	(void)standard;
	*error = U_UNSUPPORTED_ERROR;
	return NULL;
}

/* Nobody has a converter, so nobody can call what works on one. */
#define ON_A_CONVERTER(name) EXPORT void name(void) { __builtin_trap(); }

ON_A_CONVERTER(UCNV_FROM_U_CALLBACK_SUBSTITUTE)
ON_A_CONVERTER(UCNV_TO_U_CALLBACK_SUBSTITUTE)
ON_A_CONVERTER(ucnv_cbFromUWriteUChars)
ON_A_CONVERTER(ucnv_cbToUWriteUChars)
ON_A_CONVERTER(ucnv_fromUCountPending)
ON_A_CONVERTER(ucnv_fromUnicode)
ON_A_CONVERTER(ucnv_getFromUCallBack)
ON_A_CONVERTER(ucnv_getMaxCharSize)
ON_A_CONVERTER(ucnv_getName)
ON_A_CONVERTER(ucnv_getToUCallBack)
ON_A_CONVERTER(ucnv_reset)
ON_A_CONVERTER(ucnv_setFromUCallBack)
ON_A_CONVERTER(ucnv_setToUCallBack)
ON_A_CONVERTER(ucnv_toUCountPending)
ON_A_CONVERTER(ucnv_toUnicode)
