/* Stands in for the mscms.dll of Wine 8, in which WcsCreateIccProfile ends the program. For tests
 * under Wine only: it is never shipped. Qt asks it for the colours of the screen, and does without
 * them where there is no profile. */

#include <windows.h>

#define NONE(name, result, ...) \
	__declspec(dllexport) result WINAPI name(__VA_ARGS__) { return 0; }

#pragma GCC diagnostic ignored "-Wunused-parameter"

NONE(OpenColorProfileW, HANDLE, void *profile, DWORD access, DWORD share, DWORD creation)
NONE(CloseColorProfile, BOOL, HANDLE profile)
NONE(WcsCreateIccProfile, HANDLE, HANDLE profile, DWORD options)
NONE(GetColorProfileFromHandle, BOOL, HANDLE profile, BYTE *buffer, DWORD *size)
