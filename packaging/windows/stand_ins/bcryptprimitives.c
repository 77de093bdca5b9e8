/* Stands in for the bcryptprimitives.dll that Windows has and Wine 8 lacks. For tests under Wine
 * only: it is never shipped. */

#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{
	return size <= MAXDWORD && RtlGenRandom(data, (ULONG)size);
}
