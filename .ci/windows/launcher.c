/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * python.exe: hands its arguments to the Python DLL beside it.
 *
 * Wine 10 has no code for the functions of complex numbers in the C library. NumPy calls some while it is
 * imported, and Wine ends a process that calls such a stub. So this writes a jump to functions of its own over
 * those stubs first. On Windows, and under a Wine that has the functions, nothing is written.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

/* The ABI of Windows passes a float complex in one register, and a pointer to a double complex. `long double`
 * is `double` there. */
typedef union {
    ULONG64 packed;
    float part[2];
} small_complex;

static float small_real(ULONG64 z) { return ((small_complex){z}).part[0]; }
static float small_imaginary(ULONG64 z) { return ((small_complex){z}).part[1]; }
static float small_length(ULONG64 z) { return (float)hypot(small_real(z), small_imaginary(z)); }
static float small_angle(ULONG64 z) { return (float)atan2(small_imaginary(z), small_real(z)); }
static double real(const double *z) { return z[0]; }
static double imaginary(const double *z) { return z[1]; }
static double length(const double *z) { return hypot(z[0], z[1]); }
static double angle(const double *z) { return atan2(z[1], z[0]); }

static const struct {
    const char *name;
    void *code;
} FUNCTIONS[] = {
    {"crealf", small_real}, {"cimagf", small_imaginary}, {"cabsf", small_length}, {"cargf", small_angle},
    {"creal", real},        {"cimag", imaginary},        {"cabs", length},        {"carg", angle},
    {"creall", real},       {"cimagl", imaginary},       {"cabsl", length},       {"cargl", angle},
};

/* How winebuild begins a stub: sub rsp, 0x28; lea rcx, [...]. */
static const BYTE STUB[] = {0x48, 0x83, 0xec, 0x28, 0x48, 0x8d, 0x0d};

static void write_jump(BYTE *stub, void *code)
{
    BYTE jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}; /* mov rax, code; jmp rax */
    DWORD before;

    memcpy(jump + 2, &code, sizeof code);
    if (!VirtualProtect(stub, sizeof jump, PAGE_EXECUTE_READWRITE, &before))
        return;
    memcpy(stub, jump, sizeof jump);
    VirtualProtect(stub, sizeof jump, before, &before);
}

static void replace_stubs(void)
{
    HMODULE library = LoadLibraryW(L"ucrtbase.dll");

    if (library == NULL || GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == NULL)
        return;
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
        BYTE *found = (BYTE *)(void *)GetProcAddress(library, FUNCTIONS[i].name);
        if (found != NULL && memcmp(found, STUB, sizeof STUB) == 0)
            write_jump(found, FUNCTIONS[i].code);
    }
}

int wmain(int count, wchar_t **arguments)
{
    int (*run)(int, wchar_t **) = NULL;
    HMODULE python;

    replace_stubs();
    python = LoadLibraryW(PYTHON_DLL);
    if (python != NULL)
        run = (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main");
    if (run == NULL) {
        fwprintf(stderr, L"%ls cannot be loaded: error %lu\n", PYTHON_DLL, GetLastError());
        return 3;
    }
    return run(count, arguments);
}
