// SPDX-License-Identifier: Apache-2.0
/*
 * What only MKL has: its thread count and version. These two prototypes are declared here as in MKL's mkl_service.h, so that
 * no MKL has to be installed to generate the bindings.
 */
void MKL_Set_Num_Threads(int nth);
void MKL_Get_Version_String(char *buffer, int len);
