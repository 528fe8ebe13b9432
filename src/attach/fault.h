/* SPDX-License-Identifier: MIT */
/*
 * Points at which an attach may be made to die: ULLAGE_FAULT=N kills ullage
 * and the process that injects, by SIGKILL, at the Nth point that is passed.
 * For tests; the points stand between all steps that touch the target.
 */
#ifndef ULLAGE_ATTACH_FAULT_H
#define ULLAGE_ATTACH_FAULT_H

/* Reads the environment. */
void fault_init(void);

/* Of the process that injects: who is to die with it. */
void fault_with(int parent);

void fault_point(void);

#endif
