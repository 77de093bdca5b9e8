/* Starts the program in the Python that lies beside it; for the preview that is built on Linux,
 * where PyInstaller cannot make a program for Windows. It gives the process its own name and icon.
 */

#include <windows.h>
#include <shellapi.h>
#include <stdlib.h>

__declspec(dllimport) int Py_Main(int argc, wchar_t **argv);

int WINAPI wWinMain(HINSTANCE instance, HINSTANCE before, PWSTR line, int show)
{
	int given;
	wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &given);
	wchar_t **with_module;

	(void)instance;
	(void)before;
	(void)line;
	(void)show;
	if (words == NULL || given < 1)
		return 1;
	with_module = calloc((size_t)given + 3, sizeof *with_module);
	if (with_module == NULL)
		return 1;
	with_module[0] = words[0];
	with_module[1] = L"-m";
	with_module[2] = L"" MODULE;
	for (int at = 1; at < given; at++)
		with_module[at + 2] = words[at];
	return Py_Main(given + 2, with_module);
}
